"""Files are followed, and nothing that happens to one of them reaches a request."""

import asyncio
import contextlib
import os
from ipaddress import ip_address

import maxminddb
import pytest

from autorouter.core.place import Coordinates
from autorouter.location import databases
from autorouter.location.databases import Databases, Followed
from autorouter.location.maxmind import Database, UnreadableDatabaseError
from tests.places import cities, nested, systems, write

WHO = ip_address("203.0.113.7")
VANCOUVER, CALGARY = nested("CA", 49.25, -123.1, 20), nested("CA", 51.05, -114.07, 20)


@pytest.fixture
def file(tmp_path):
    return cities(tmp_path / "city.mmdb", {"203.0.113.0/24": VANCOUVER})


@pytest.fixture
def followed(file):
    return Followed(file, "city")


def settled(followed):
    """What two looks in a row find: one that sees a change, and one that finds it still."""
    assert followed.refresh() is None
    return followed.refresh()


def touched(path):
    """*path*, with a time that no other version of it has."""
    seen = path.stat().st_mtime_ns
    os.utime(path, ns=(seen + 10**9, seen + 10**9))


def test_both_databases_answer(tmp_path):
    both = Databases(cities(tmp_path / "city.mmdb"), systems(tmp_path / "asn.mmdb"))
    assert both.find(WHO).at == Coordinates(49.25, -123.1)
    assert both.find(ip_address("2001:db8:2::1")).at == Coordinates(49.25, -123.1)
    assert both.asn(WHO) == 64500
    assert both.find(ip_address("8.8.8.8")).at is both.asn(ip_address("8.8.8.8")) is None


def test_a_file_that_stays_is_not_read_again(followed):
    before = followed.database
    assert settled(followed) is None
    assert followed.database is before


def test_a_file_that_is_replaced_is_read_again(followed, file, tmp_path):
    cities(tmp_path / "new", {"203.0.113.0/24": CALGARY}).rename(file)
    assert settled(followed) == ""
    assert followed.database.get(WHO) == CALGARY


def test_a_file_that_is_written_in_place_is_read_once_it_is_still(followed, file, tmp_path):
    whole = cities(tmp_path / "new", {"203.0.113.0/24": CALGARY}).read_bytes()
    for end in (100, 200, len(whole)):
        file.write_bytes(whole[:end])
        touched(file)
        assert followed.refresh() is None
        assert followed.database.get(WHO) == VANCOUVER
    assert followed.refresh() == ""
    assert followed.database.get(WHO) == CALGARY


@pytest.mark.parametrize("broken", [b"", b"not a database", b"\0" * 4096])
def test_a_broken_file_is_told_of_once_and_the_last_good_one_kept(followed, file, broken):
    good = file.read_bytes()
    file.write_bytes(broken)
    touched(file)
    assert "city.mmdb" in settled(followed)
    assert followed.refresh() is None
    assert followed.database.get(WHO) == VANCOUVER
    file.write_bytes(good)
    touched(file)
    assert settled(followed) == ""


def test_a_file_that_is_gone_is_kept_in_memory(followed, file):
    file.unlink()
    assert "No such file" in settled(followed)
    assert followed.database.get(WHO) == VANCOUVER


def test_a_file_cut_short_under_its_reader_ends_nothing(followed, file):
    os.truncate(file, 10)
    assert followed.database.get(WHO) == VANCOUVER


def test_what_is_forgotten_is_read_again(followed, file):
    before = followed.database
    followed.forget()
    assert followed.refresh() == ""
    assert followed.database is not before


async def test_both_files_are_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "EVERY", 0.01)
    both = Databases(cities(tmp_path / "city.mmdb"), systems(tmp_path / "asn.mmdb"))
    told = asyncio.Queue()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        following = tasks.create_task(both.follow(lambda kind, fault: told.put_nowait((kind, fault))))
        cities(tmp_path / "new", {"203.0.113.0/24": CALGARY}).rename(tmp_path / "city.mmdb")
        assert await told.get() == ("city", "")
        assert both.find(WHO).at == Coordinates(51.05, -114.07)
        (tmp_path / "asn.mmdb").unlink()
        kind, fault = await told.get()
        assert (kind, "No such file" in fault) == ("asn", True)
        assert both.asn(WHO) == 64500
        both.forget()
        assert {(await told.get())[0], (await told.get())[0]} == {"city", "asn"}
        following.cancel()


@pytest.mark.parametrize("broken", [b"", b"not a database", b"\0" * 4096])
def test_a_file_that_is_no_database_is_named(tmp_path, broken):
    path = tmp_path / "x.mmdb"
    path.write_bytes(broken)
    with pytest.raises(UnreadableDatabaseError, match=r"x\.mmdb: found no MaxMind database"):
        Database(path, "city")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnreadableDatabaseError, match=r"x\.mmdb: No such file"):
        Database(tmp_path / "x.mmdb", "city")
    with pytest.raises(UnreadableDatabaseError, match=r"Is a directory"):
        Database(tmp_path, "city")


def test_a_database_of_another_kind_is_named(tmp_path):
    path = systems(tmp_path / "asn.mmdb")
    with pytest.raises(UnreadableDatabaseError, match="'GeoLite2-ASN', expected one of type 'city'"):
        Database(path, "city")


def test_an_ipv6_address_in_an_ipv4_database_is_unknown(tmp_path):
    path = write(tmp_path / "v4.mmdb", {"203.0.113.0/24": VANCOUVER}, "city ipv4", version=4)
    database = Database(path, "city")
    assert database.get(WHO) == VANCOUVER
    assert database.get(ip_address("2001:db8:2::1")) is None


@pytest.mark.parametrize("junk", [b"\xff", b"\x5f", b"\x3f", b"\xe1"])
def test_corrupt_records_are_unknown_places(file, junk):
    whole, end = file.read_bytes(), b"\xab\xcd\xefMaxMind.com"
    start, until = whole.index(bytes(16)) + 16, whole.index(end)
    file.write_bytes(whole[:start] + junk * (until - start) + whole[until:])
    with maxminddb.open_database(file) as raw, pytest.raises(maxminddb.InvalidDatabaseError):
        raw.get(WHO)
    assert Database(file, "city").get(WHO) is None


def test_corrupt_metadata_are_an_unreadable_file(file):
    whole, end = file.read_bytes(), b"\xab\xcd\xefMaxMind.com"
    for at in range(whole.index(end), len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(UnreadableDatabaseError):
            Database(file, "city")
