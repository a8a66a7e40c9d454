"""Where the nvidia-pytriton wheel keeps Triton's parts, and this Python its shared library.

Knows the layout of 0.7.0 and nothing of how the parts are run.
"""

import importlib.util
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from node_agent.core.errors import ConfigError
from node_agent.engines.triton.floor import BUNDLED


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of an installed wheel."""

    version: str
    """Triton's own version."""
    binary: Path
    backend: Path
    """The Python backend's directory."""
    stub: Path
    """The program that runs one model, built for this very Python."""
    libraries: tuple[Path, ...]
    """Directories for ``LD_LIBRARY_PATH``."""


def find() -> Layout:
    """The wheel in this environment. Raises `ConfigError` if it, or a part that this Python needs, is missing."""
    spec = importlib.util.find_spec("pytriton")
    if spec is None or spec.origin is None:
        raise ConfigError('no Triton to start: pip install "autorouter[triton]", or give one by --triton URL')
    package = Path(spec.origin).parent
    triton = package / "tritonserver"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = triton / "python_backend_stubs" / python / "triton_python_backend_stub"
    if not stub.is_file():
        raise ConfigError(f"the Triton wheel has no model runner for Python {python}")
    return Layout(
        version=BUNDLED.get(metadata.version("nvidia-pytriton"), "unknown"),
        binary=triton / "bin" / "tritonserver",
        backend=triton / "backends" / "python",
        stub=stub,
        libraries=(package.parent / "nvidia_pytriton.libs", *_libpython()),
    )


def _libpython() -> tuple[Path, ...]:
    """The directory of this Python's shared library; none where the system's loader finds it by itself."""
    library = str(sysconfig.get_config_var("INSTSONAME") or "")
    if ".so" not in library:
        library = f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"
    beside = [Path(sys.base_prefix) / "lib", Path(str(sysconfig.get_config_var("LIBDIR") or "/usr/lib"))]
    for directory in beside:
        if (directory / library).exists():
            return (directory,)
    if library in _loader_cache():
        return ()
    short = library.removesuffix(".so.1.0")
    raise ConfigError(f"{library} was not found, and Triton's models need it: apt-get install {short}")


def _loader_cache() -> str:
    try:
        listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return listing.stdout
