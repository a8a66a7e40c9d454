"""The directory a Triton child lives in, and who may remove it."""

import os
import tempfile
from pathlib import Path

import pytest

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.errors import ConfigError
from node_agent.engines.triton import assembly as rules
from node_agent.engines.triton import layout
from node_agent.engines.triton.assembly import assemble, dismantle

MODELS = choose(read_catalogue(), read_options({"region": "yto-01"}))


@pytest.fixture
def folder(monkeypatch):
    """The temporary directory of this test. (A short one: pytest's own paths are too deep for a socket.)"""
    with tempfile.TemporaryDirectory(prefix="t-") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        yield Path(short)


def assembled(weights="/nowhere/weights.gguf"):
    return assemble(layout.find(), MODELS, {MODELS[0].name: {"model.gguf": Path(weights)}})


def test_a_directory_has_what_triton_needs_and_is_its_owners_alone(folder):
    assembly = assembled()
    assert assembly.home.parent == folder
    assert assembly.home.stat().st_mode & 0o077 == 0
    repository = assembly.home / "repository" / "smollm2_135m_instruct"
    assert (repository / "1" / "model.py").is_file()
    files = assembly.home / "files" / "smollm2_135m_instruct"
    assert f'"{files}"' in (repository / "config.pbtxt").read_text()
    assert (files / "model.gguf").readlink() == Path("/nowhere/weights.gguf")
    assert (assembly.home / "backends" / "python" / "triton_python_backend_stub").stat().st_mode & 0o100
    dismantle(assembly)
    assert not assembly.home.exists()


@pytest.mark.usefixtures("folder")
def test_secrets_of_the_agents_environment_do_not_reach_triton(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    assembly = assembled()
    assert "SOME_API_KEY" not in assembly.environment
    dismantle(assembly)


@pytest.mark.usefixtures("folder")
def test_a_neighbour_that_lives_is_left_alone():
    neighbour = assembled()
    dismantle(assembled())
    assert neighbour.home.exists()
    dismantle(neighbour)


def test_the_environment_that_triton_made_and_did_not_use_is_removed_and_no_other(folder, monkeypatch):
    monkeypatch.setattr(rules, "ENVIRONMENTS", folder)
    older, mine, used, later = (folder / f"python_env_{name}" for name in ("older", "mine", "used", "later"))
    older.mkdir()
    os.utime(older, (0, 0))
    assembly = assembled()
    mine.mkdir()
    (used / "bin").mkdir(parents=True)
    later.mkdir()
    os.utime(later, (2**31, 2**31))
    dismantle(assembly)
    assert sorted(folder.glob("python_env_*")) == sorted([older, used, later])


def test_a_temporary_directory_too_deep_for_a_socket_is_named_and_nothing_is_left(folder, monkeypatch):
    deep = folder / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(ConfigError, match="is too deep for a socket: set TMPDIR to a shorter one"):
        assembled()
    assert list(deep.iterdir()) == []
