"""The one place where what is watched and what is answered meet: two references, each swapped whole."""

from autorouter.core.catalog import Catalog
from autorouter.core.fleet import FleetSnapshot


class Snapshots:
    """The catalog and the fleet as they are now. Read without a lock, because nothing in them ever changes."""

    def __init__(self, catalog: Catalog, fleet: FleetSnapshot) -> None:
        self.catalog = catalog
        self.fleet = fleet
