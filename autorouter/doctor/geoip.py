"""The databases that say where clients are: whether they can be read, how old they are, and whether they lie.

A damaged file may open and say nonsense, so networks are looked up whose place is known: universities that have had
their addresses since the eighties.
"""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

from autorouter.doctor.case import Case
from autorouter.location.databases import DATA
from autorouter.location.maxmind import Database, UnreadableDatabaseError
from autorouter.location.records import asn_in, place_in
from autorouter.runtime.clock import unix_now
from autorouter.wire.finding import Finding, ok, warning, wrong

NAME = "geoip"
DAY_S = 86_400
OLD_DAYS = 60
OUTDATED_DAYS = 400
"""In a year about one network in eight has moved."""
BAD = 0.2
"""Share of canaries that may be told otherwise than here: universities too give networks away."""

CANARIES = {
    "129.97.128.1": ("CA", 12093),  # Waterloo
    "142.150.210.1": ("CA", 239),  # Toronto
    "137.82.1.1": ("CA", 393249),  # British Columbia
    "128.148.32.1": ("US", 11078),  # Brown
    "128.112.128.1": ("US", 88),  # Princeton
    "171.64.64.1": ("US", 32),  # Stanford
    "131.111.8.1": ("GB", 786),  # Cambridge
    "129.132.19.1": ("CH", 559),  # ETH Zürich
    "141.76.1.1": ("DE", 680),  # Dresden
    "130.192.1.1": ("IT", 137),  # Torino
    "130.89.1.1": ("NL", 1133),  # Twente
    "130.237.32.1": ("SE", 1653),  # Stockholm
    "128.214.1.1": ("FI", 1741),  # Helsinki
    "134.157.1.1": ("FR", 1307),  # Sorbonne
    "133.11.1.1": ("JP", 2501),  # Tokyo
    "140.112.1.1": ("TW", 1659),  # Taipei
    "147.46.1.1": ("KR", 9488),  # Seoul
    "143.107.1.1": ("BR", 28571),  # São Paulo
    "130.102.1.1": ("AU", 24436),  # Queensland
    "146.141.1.1": ("ZA", 2018),  # Witwatersrand
}
"""Address → the country, and the autonomous system that announces it."""

OWN = "autorouter geoip build    # or give a newer one: --geoip CITY.mmdb --geoip-asn ASN.mmdb"


async def check(case: Case) -> Sequence[Finding]:
    """Open both as a router would."""
    return await asyncio.to_thread(_both, case, unix_now())


def _both(case: Case, now: float) -> Sequence[Finding]:
    city, asn = case.options.geoip, case.options.geoip_asn
    return [
        _looked_at(city or DATA / "city.mmdb", "city", _country_of, now, is_ours=city is None),
        _looked_at(asn or DATA / "asn.mmdb", "asn", _system_of, now, is_ours=asn is None),
    ]


def _looked_at(path: Path, kind: str, says: Callable[[object], object], now: float, *, is_ours: bool) -> Finding:
    option = "--geoip" if kind == "city" else "--geoip-asn"
    fix = OWN if is_ours else f"{option} FILE    # another one, newly downloaded; without it the embedded one is used"
    try:
        database = Database(path, kind)
    except UnreadableDatabaseError as exc:
        return wrong(NAME, str(exc), fix)
    expected = {address: told[kind == "asn"] for address, told in CANARIES.items()}
    liars = [address for address, right in expected.items() if says(database.get(ip_address(address))) != right]
    whose = "the embedded database" if is_ours else str(path)
    days = (now - database.built) / DAY_S
    return verdict(f"{whose} of {'places' if kind == 'city' else 'autonomous systems'}", days, liars, fix)


def verdict(what: str, days: float, liars: Sequence[str], fix: str) -> Finding:
    """What to say of a database that is so many *days* old, and of which so many canaries died."""
    if len(liars) > BAD * len(CANARIES):
        few = ", ".join(liars[:3])
        return wrong(NAME, f"{what} is wrong about {len(liars)} of {len(CANARIES)} known networks ({few}, …)", fix)
    told = f"{what} is {days:.0f} days old"
    if days > OUTDATED_DAYS:
        return wrong(NAME, told, fix)
    if days > OLD_DAYS:
        return warning(NAME, told, fix)
    return ok(NAME, f"{told} and right about {len(CANARIES) - len(liars)} of {len(CANARIES)} known networks")


def _country_of(record: object) -> object:
    return place_in(record).country


def _system_of(record: object) -> object:
    return asn_in(record)
