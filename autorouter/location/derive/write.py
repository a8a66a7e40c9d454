"""Writes folded leaves as a database in MaxMind's format."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mmdb_writer import MMDBType, MMDBWriter
from netaddr import IPNetwork, IPSet

from autorouter.location.derive.fold import Leaf, V
from autorouter.location.derive.sources import Spot


class Writer(MMDBWriter):
    """Holds IPv4 and IPv6, and bears the date of what it was made from: the same sources give the same bytes."""

    def __init__(self, kind: str, credit: str, epoch: int) -> None:
        super().__init__(6, kind, ["en"], {"en": credit}, ipv4_compatible=True)
        self._epoch = epoch

    def add(self, leaves: Sequence[Leaf[V]], version: int, record: Callable[[V], MMDBType]) -> None:
        """Put *leaves* of IP *version* in, each as the *record* of its value."""
        for leaf in leaves:
            if leaf.value is not None:
                network = IPNetwork((leaf.start, leaf.length), version=version)
                self.insert_network(IPSet([network]), record(leaf.value))

    def save(self, path: Path) -> None:
        """Write *path*, whole or not at all."""
        half = path.with_suffix(".new")
        self.to_db_file(str(half))
        half.replace(path)

    def _build_meta(self) -> dict[str, object]:
        return super()._build_meta() | {"build_epoch": self._epoch}


def place_record(spot: Spot) -> MMDBType:
    """*spot* as MaxMind's City databases have it."""
    at = {"latitude": spot.latitude, "longitude": spot.longitude}
    return {"country": {"iso_code": str(spot.country)}, "location": at}


def system_record(number: int) -> MMDBType:
    """An autonomous system as MaxMind's ASN databases have it."""
    return {"autonomous_system_number": number}
