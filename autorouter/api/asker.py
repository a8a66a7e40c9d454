"""Who asks: the facts of a request that say so, handed to the locator."""

from aiohttp import web

from autorouter.core.place import Coordinates
from autorouter.core.query import Client
from autorouter.location.chain import Locator


class Asker:
    """Finds the client behind a request. `locator` is swapped when regions.yaml is reloaded."""

    def __init__(self, locator: Locator) -> None:
        self.locator = locator

    def of(self, request: web.Request, said: Coordinates | None = None) -> Client:
        """The client, who may have *said* where it is."""
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        name = request.transport.get_extra_info("peername") if request.transport else None
        return self.locator.locate(str(name[0]) if isinstance(name, tuple) else None, forwarded, said)
