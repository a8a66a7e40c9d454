"""Everything a Triton child needs on disk, on its command line and in its environment.

All of it lives in one private directory, whose name is also the prefix of the child's shared memory: what carries
that name is ours to remove, and nothing else is.
"""

import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelName, ModelSpec
from node_agent.engines import controls, gguf
from node_agent.engines.triton.layout import Layout

MODELS = Path(__file__).parent.parent / "models"
"""Programs: ``<program>/1/model.py``, by default one per kind."""

BESIDE = MODELS / "beside"
"""What all programs share."""

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Triton's Python backend keeps its regions

ENVIRONMENTS = Path("/tmp")  # noqa: S108 - where Triton's Python backend makes python_env_*, whatever TMPDIR says

ENVIRONMENT_S = 30.0
"""A child makes its own at its first load, which is tried well within this."""

PREFIX = "autorouter-node-"

LONGEST_SOCKET_PATH = 100
"""The kernel allows 107 bytes."""

Places = Mapping[str, Path]
"""Where each file of one model is, by the name that its program knows."""

CONFIG = """\
name: {name}
backend: "python"
max_batch_size: 0
model_transaction_policy {{ decoupled: true }}
input [
  {{ name: "prompt" data_type: TYPE_STRING dims: [ 1 ] }},
  {{ name: "audio" data_type: TYPE_STRING dims: [ 1 ] optional: true }}
]
output [
  {{ name: "piece" data_type: TYPE_STRING dims: [ 1 ] }},
  {{ name: "audio" data_type: TYPE_STRING dims: [ 1 ] }}
]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
"""


@dataclass(frozen=True, slots=True)
class Assembly:
    """A child ready to be started."""

    home: Path
    """The private directory."""
    address: str
    """Where its gRPC will be: a socket in *home*, so no port is taken, raced for or open to other users."""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    hold: int
    """Descriptor of the lock that keeps other agents from sweeping *home* away."""


def assemble(layout: Layout, models: Iterable[ModelSpec], places: Mapping[ModelName, Places]) -> Assembly:
    """Build the private directory; *places* says where each model's files are.

    Raises `ConfigError` if its path would be too long for a socket.
    """
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    hold = _hold(home, os.O_RDWR | os.O_CREAT)
    socket = home / "triton"
    command = (str(layout.binary), *_flags(home, socket))
    address = f"unix://{socket}:1"
    assembly = Assembly(home, address, command, _environment(layout, home), home / "triton.log", hold)
    try:
        _require_short(socket)
        _fill(home, layout, models, places)
    except BaseException:
        dismantle(assembly)
        raise
    return assembly


def _require_short(socket: Path) -> None:
    if len(str(socket)) > LONGEST_SOCKET_PATH:
        folder = tempfile.gettempdir()
        raise ConfigError(f"the temporary directory {folder} is too deep for a socket: set TMPDIR to a shorter one")


def _fill(home: Path, layout: Layout, models: Iterable[ModelSpec], places: Mapping[ModelName, Places]) -> None:
    _backend(layout, home / "backends" / "python")
    for model in models:
        files = home / "files" / model.triton_model
        _files(places[model.name], files)
        _model(model, files, home / "repository" / model.triton_model)


def dismantle(assembly: Assembly) -> None:
    """Remove what the child left, on disk and in shared memory (a killed one leaves every region)."""
    _remove(assembly.home)
    os.close(assembly.hold)


def _remove(home: Path) -> None:
    _remove_environment(home)
    for region in SHARED_MEMORY.glob(f"{home.name}_*"):
        region.unlink(missing_ok=True)
    shutil.rmtree(home, ignore_errors=True)


def _remove_environment(home: Path) -> None:
    """Remove the directory that the child of *home* made for environments and never used.

    It is named after nobody: what is this user's, empty, and of the half minute after *home* is taken for it.
    """
    with suppress(OSError):
        born = (home / "owner").stat().st_mtime
        for place in ENVIRONMENTS.glob("python_env_*"):
            with suppress(OSError):  # not empty, or gone by now
                found = place.lstat()
                if found.st_uid == os.getuid() and born <= found.st_mtime < born + ENVIRONMENT_S:
                    place.rmdir()


def _sweep() -> None:
    """Remove what killed agents could not: directories of this user's whose lock nobody holds any more."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # held by its agent, half made, or gone by now: not ours to touch
            if home.lstat().st_uid == os.getuid():
                hold = _hold(home, os.O_RDWR)
                _remove(home)
                os.close(hold)


def _hold(home: Path, flags: int) -> int:
    """The lock that says "my agent lives"; a process id is used again, and containers have their own."""
    hold = os.open(home / "owner", flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(hold)
        raise
    return hold


def _backend(layout: Layout, place: Path) -> None:
    shutil.copytree(layout.backend, place, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(layout.stub, place)


def _files(places: Places, folder: Path) -> None:
    """The model's files under the names that its program knows."""
    folder.mkdir(parents=True)
    for name, place in places.items():
        (folder / name).symlink_to(place)


def _model(model: ModelSpec, files: Path, place: Path) -> None:
    program = MODELS / (model.program or model.kind) / "1"
    shutil.copytree(program, place / model.version, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(BESIDE, place / model.version, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (controls, gguf):
        shutil.copy(str(module.__file__), place / model.version)
    size = {"slots": model.slots, "context": model.context, "threads": model.threads}
    option = {**model.options, "files": files, **size}
    lines = [
        f"parameters {{ key: {json.dumps(name)} value {{ string_value: {json.dumps(str(value))} }} }}\n"
        for name, value in option.items()
    ]
    (place / "config.pbtxt").write_text(CONFIG.format(name=json.dumps(model.triton_model)) + "".join(lines))


def _flags(home: Path, socket: Path) -> tuple[str, ...]:
    return (
        f"--model-repository={home / 'repository'}",
        f"--backend-directory={home / 'backends'}",
        f"--backend-config=python,shm-region-prefix-name={home.name}_",
        "--model-control-mode=explicit",
        "--disable-auto-complete-config",  # else each load starts its process twice: 1.3 s, not 0.3 s
        "--strict-readiness=false",  # else one failed load makes the whole of it "not ready"
        "--exit-timeout-secs=5",
        "--allow-http=false",
        "--allow-metrics=false",  # the agent measures what its clients see
        f"--grpc-address=unix://{socket}",
        "--grpc-port=1",  # becomes the end of the socket's name
        "--log-info=false",
    )


def _environment(layout: Layout, home: Path) -> dict[str, str]:
    """No more than it needs: what the agent was started with may hold secrets."""
    venv = Path(sys.executable).parent  # on PATH it decides which site-packages the models see; PYTHONPATH does not
    return {
        "PATH": f"{venv}:{os.environ.get('PATH', os.defpath)}",
        "LD_LIBRARY_PATH": ":".join(map(str, layout.libraries)),
        "LC_ALL": "C.UTF-8",  # else the models' Python is ASCII
        "HOME": str(home),
        "TMPDIR": str(home),
        "OMP_NUM_THREADS": "1",
    }
