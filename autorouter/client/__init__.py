"""The client that never fails: what a caller installs.

    OpenAI(http_client=autorouter.client.http_client("https://router.example"))

Each request goes to the region that will start answering it first, and to the next if that fails. The twin in
JavaScript is in ``js/``, with the same rules and figures. Knows nothing of the rest of autorouter, and needs nothing
but httpx or httpx2, whichever is there: `Resolver` needs not even that.
"""

from autorouter.client.making import async_http_client, http_client
from autorouter.client.resolver import BlockingResolver, Resolver
from autorouter.client.route import Place, Route, RouterError

__all__ = ["BlockingResolver", "Place", "Resolver", "Route", "RouterError", "async_http_client", "http_client"]
