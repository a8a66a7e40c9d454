"""The one place where what is watched and what is answered meet: three references, each swapped whole."""

from autorouter.core.catalog import Catalog
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.holds import Hold


class Snapshots:
    """The catalog, the holds in force and the fleet as they are now. Read without a lock: nothing in them changes."""

    def __init__(self, catalog: Catalog, fleet: FleetSnapshot) -> None:
        self.catalog = catalog
        self.holds: tuple[Hold, ...] = ()
        self.fleet = fleet
