"""How fast a model was of late: measured by a node, told by a router."""

import json
import urllib.request

from tests.agent.process import chat, started
from tests.e2e.process import regions_yaml, router


def asked(node):
    body = json.dumps(chat("one two three four")).encode()
    request = urllib.request.Request(f"{node.url}/v1/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["model"]


async def test_a_router_tells_where_a_model_is_and_how_fast_it_was(tmp_path):
    config = tmp_path / "regions.yaml"
    with started("--engine", "echo") as node:
        config.write_text(regions_yaml({"yto-01": node.url}))
        async with router(config) as process:
            model = asked(node)
            path = f"/v1/models/{model}/endpoints"
            await process.until(lambda status, told: status == 200 and told["endpoints"][0]["ttft_ms"], path)
            (told,) = (await process.get(path))[1]["endpoints"]
    assert (told["region"], told["endpoint"], told["offered"]) == ("yto-01", node.url, True)
    assert told["ttft_ms"]["n"] == 1
    assert 0 <= told["ttft_ms"]["p50"] == told["ttft_ms"]["p99"]
