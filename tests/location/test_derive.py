"""`autorouter geoip build`: small databases that say what their sources say, where it matters."""

from ipaddress import ip_address
from itertools import pairwise

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from autorouter.cli import main
from autorouter.location.databases import Databases
from autorouter.location.derive import fetch
from autorouter.location.derive.fetch import FetchError, Package
from autorouter.location.derive.fold import Announced, Family, Range, fold, leaves
from autorouter.location.derive.make import apart
from autorouter.location.derive.sources import Spot
from tests.places import write

TINY = Family(4, 6, 0, 63, 1)
"""Addresses of six bits, each a network of its own."""

OSLO, BERGEN = ("NO", 59.9139, 10.7522), ("NO", 60.3913, 5.3221)


def ranges():
    """Sorted ranges of `TINY` that do not overlap, some with gaps between them."""
    cuts = st.lists(st.integers(0, 63), min_size=2, max_size=12, unique=True).map(sorted)
    values = st.lists(st.sampled_from("abc"), min_size=12, max_size=12)

    def spread(drawn):
        ends, said = drawn
        return [Range(a, b - 1, value) for (a, b), value in zip(pairwise(ends), said, strict=False) if value != "c"]

    return st.tuples(cuts, values).map(spread)


def folded(found, price, loss=lambda a, b: a != b):
    return fold(leaves(found, TINY, Announced(found, 1)), TINY.bits, loss, price)


def says(kept, address):
    held = [leaf.value for leaf in kept if leaf.start <= address < leaf.start + (1 << 6 - leaf.length)]
    assert len(held) <= 1, "blocks never overlap"
    return held[0] if held else None


@given(ranges())
def test_for_free_nothing_is_lost_of_what_is_announced(found):
    kept = folded(found, 0.0)
    for first, last, value in found:
        assert {says(kept, address) for address in range(first, last + 1)} == {value}


@given(ranges(), st.sampled_from([0.0, 1.0, 2.0, 40.0]))
def test_each_node_saved_costs_its_price_at_most(found, price):
    whole, kept = folded(found, 0.0), folded(found, price)
    wrong = sum(says(kept, at) != value for first, last, value in found for at in range(first, last + 1))
    assert len(kept) <= len(whole)
    assert wrong <= price * (len(whole) - len(kept))


def test_the_heavier_of_two_speaks_for_both():
    found = [Range(0, 6, "a"), Range(7, 7, "b")]
    assert {says(folded(found, 1.0), address) for address in range(8)} == {"a"}
    assert says(folded(found, 0.9), 7) == "b"


def test_a_misjudged_place_costs_what_it_does_to_a_round_trip():
    near, far = Spot("NO", 59.9, 10.8), Spot("NO", 60.4, 5.3)
    assert apart(near, near) == 0
    assert 8 < apart(near, far) < 14, "300 km"


@pytest.fixture
def sources(tmp_path):
    """Files in the shapes of the real ones: flat records, and lists of systems."""

    def flat(country, latitude, longitude):
        return {"country_code": country, "city": "x", "latitude": latitude, "longitude": longitude}

    four = {
        "8.0.0.0/16": flat(*OSLO),
        "8.1.0.0/17": flat(*OSLO),
        "8.1.128.0/17": flat(*BERGEN),
        "8.1.7.0/24": flat(*BERGEN),  # 11 ms off for one /24: not worth a node
        "8.1.200.0/25": {"country_code": "NO", "city": "", "latitude": 62.0, "longitude": 10.0},
    }
    six = {"2a00::/16": flat(*OSLO), "2a02::/32": flat(*BERGEN), "64:ff9b::/96": flat(*OSLO)}
    files = {
        "--city": (
            write(tmp_path / "4.mmdb", four, "city ipv4", version=4),
            write(tmp_path / "6.mmdb", six, "city ipv6"),
        ),
        "--asn": (tmp_path / "4.csv", tmp_path / "6.csv"),
    }
    files["--asn"][0].write_text('8.0.0.0,8.0.255.255,64500,"A, Inc."\n8.1.0.0,8.1.255.255,64501,B\n')
    files["--asn"][1].write_text("2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,64500,A\n")
    return [str(word) for option, paths in files.items() for path in paths for word in (option, path)]


def built(*arguments):
    return CliRunner().invoke(main, ["geoip", "build", *map(str, arguments)])


def test_the_command_writes_both_and_says_how_good_they_are(tmp_path, sources):
    result = built(*sources, "--into", tmp_path)
    assert result.exit_code == 0, result.output
    assert "city.mmdb: 0.00 MB" in result.output
    assert "places, IPv4: " in result.output
    assert "autonomous systems, IPv6: 100.00% as in the source" in result.output
    made = Databases(tmp_path / "city.mmdb", tmp_path / "asn.mmdb")
    places = {who: made.find(ip_address(who)).at for who in ("8.0.1.2", "8.1.1.1", "8.1.7.1", "8.1.200.1", "2a00::1")}
    assert {who: (at.latitude, at.longitude) for who, at in places.items()} == {
        "8.0.1.2": (59.9, 10.8),
        "8.1.1.1": (59.9, 10.8),
        "8.1.7.1": (59.9, 10.8),
        "8.1.200.1": (60.4, 5.3),
        "2a00::1": (59.9, 10.8),
    }
    assert made.find(ip_address("8.1.1.1")).country == "NO"
    assert made.asn(ip_address("8.0.1.2")) == 64500
    assert made.asn(ip_address("8.1.8.1")) == 64501
    assert made.asn(ip_address("2a00::1")) == 64500


def test_the_same_sources_give_the_same_bytes(tmp_path, sources):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        assert built(*sources, "--into", tmp_path / folder).exit_code == 0
    for name in ("city.mmdb", "asn.mmdb"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_half_of_the_sources_is_a_sentence(sources):
    result = built(*sources[:2])
    assert result.exit_code == 2
    assert "--city and --asn go together" in result.output


def test_a_source_that_is_none_is_a_sentence(tmp_path, sources):
    (tmp_path / "odd").write_text("odd")
    for city, asn in ((tmp_path / "odd", sources[5]), (sources[1], tmp_path / "odd")):
        result = built("--city", city, "--asn", asn, "--into", tmp_path)
        assert (result.exit_code, result.output.startswith("nothing was built: ")) == (2, True)


def test_a_package_that_is_not_the_pinned_one_is_refused(tmp_path):
    (tmp_path / "x-1.tgz").write_bytes(b"other")
    with pytest.raises(FetchError, match="found sha256 d9298a10"):
        list(fetch.unpacked(Package("@x", "1", "0" * 64, ()), tmp_path))


def test_without_npm_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = built("--into", tmp_path)
    assert (result.exit_code, "--city and --asn" in result.output) == (2, True)
