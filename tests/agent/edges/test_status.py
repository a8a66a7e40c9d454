"""Who may ask a node how it is."""

import asyncio

import pytest

from autorouter.wire.key import Key
from tests.agent.scenes import serving

SECRET, OLD = "a-secret-of-the-tests-that-is-long", "an-older-secret-of-theirs-that-is-long"
KEYS = f"{SECRET},{OLD}"
FAR = "203.0.113.7"


def bearer(secret=SECRET):
    return {"Authorization": f"Bearer {Key(secret).bearer}"}


REFUSED = [
    {},
    bearer("somebody-elses-secret"),
    {"Authorization": f"Bearer {SECRET}"},
    {"Authorization": Key(SECRET).bearer},
    {"Authorization": f"Basic {Key(SECRET).bearer}"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer é"},
]


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_from_another_machine_the_status_is_for_routers_that_have_the_key(method, headers):
    async with serving(keys=KEYS, peer=FAR, running=False) as node:
        answer = await node.call(method, "/v1/node/status", headers=headers)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        if method == "GET":
            problem = await answer.json()
            assert problem["code"] == "unauthorized"
            assert "AUTOROUTER_KEY" in problem["detail"]
            assert SECRET not in str(problem)


async def test_bytes_that_are_no_text_are_no_bearer():
    async with serving(keys=KEYS, peer=FAR, running=False) as node:
        reader, writer = await asyncio.open_connection(node.client.host, node.client.port)
        writer.write(b"GET /v1/node/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("headers", [bearer(), bearer(OLD), {"Authorization": f"bearer  {Key(SECRET).bearer}"}])
async def test_a_router_with_any_of_the_keys_is_told(headers):
    async with serving(keys=KEYS, peer=FAR, running=False) as node:
        assert (await node.call("GET", "/v1/node/status", headers=headers)).status == 200
        assert (await node.call("HEAD", "/v1/node/status", headers=headers)).status == 200


async def test_without_a_key_no_other_machine_is_told():
    async with serving(peer=FAR, running=False) as node:
        assert (await node.call("GET", "/v1/node/status", headers=bearer())).status == 401


@pytest.mark.parametrize(
    ("keys", "headers"),
    [("", {}), ("", bearer("somebody-elses-secret")), (KEYS, {}), (KEYS, bearer()), (KEYS, bearer(OLD))],
)
async def test_this_machine_is_told_if_it_shows_no_wrong_key_or_the_node_has_none(keys, headers):
    async with serving(keys=keys, running=False) as node:
        assert (await node.call("GET", "/v1/node/status", headers=headers)).status == 200


@pytest.mark.parametrize("headers", REFUSED[1:])
async def test_a_key_that_is_shown_and_wrong_is_told_on_this_machine_too(headers):
    async with serving(keys=KEYS, running=False) as node:
        answer = await node.call("GET", "/v1/node/status", headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("peer", ["::1", "::ffff:127.0.0.1"])
async def test_loopback_has_several_names(peer):
    async with serving(peer=peer, running=False) as node:
        assert (await node.call("GET", "/v1/node/status")).status == 200


async def test_a_proxy_on_this_machine_is_not_this_machine():
    async with serving(keys=KEYS, running=False) as node:
        headers = {"X-Forwarded-For": "127.0.0.1"}
        assert (await node.call("GET", "/v1/node/status", headers=headers)).status == 401
        assert (await node.call("GET", "/v1/node/status", headers=headers | bearer())).status == 200
    async with serving(keys=KEYS, running=False, behind_proxy=True) as node:
        assert (await node.call("GET", "/v1/node/status")).status == 401
        assert (await node.call("GET", "/v1/node/status", headers=bearer())).status == 200


async def test_a_unix_socket_is_not_loopback():
    async with serving(peer="", running=False) as node:
        assert (await node.call("GET", "/v1/node/status")).status == 401


async def test_the_rest_is_open_to_all():
    async with serving(peer=FAR, running=False) as node:
        for path, status in (("/livez", 200), ("/readyz", 503), ("/metrics", 200), ("/v1/models", 200)):
            assert (await node.call("GET", path)).status == status
