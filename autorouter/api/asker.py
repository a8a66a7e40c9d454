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
        return self.locator.locate(_peer(request), _forwarded(request), said)

    def address(self, request: web.Request) -> str | None:
        """Its address, for the node that is asked in its place; kept nowhere."""
        found = self.locator.address(_peer(request), _forwarded(request))
        return None if found is None else str(found)


def _forwarded(request: web.Request) -> str:
    return ",".join(request.headers.getall("X-Forwarded-For", ()))


def _peer(request: web.Request) -> str | None:
    name = request.transport.get_extra_info("peername") if request.transport else None
    return str(name[0]) if isinstance(name, tuple) else None
