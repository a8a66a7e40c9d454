"""OpenAI's own client, two generations of it, through ours: nodes die, hang, fill up, and every call is answered."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import openai
import pytest

from autorouter.client import http_client
from tests.agent.process import started
from tests.agent.scenes import MODEL
from tests.agent.sounds import wav
from tests.client.played import full, played, resets, route
from tests.e2e.process import regions_yaml, router

ROOT = Path(__file__).parents[2]
OLD = ROOT / ".venv/openai-2"
REGIONS = ("yto-01", "yul-01", "yvr-02")


@pytest.fixture
def nodes():
    with ExitStack() as stack:
        yield {
            region: stack.enter_context(started("--region", region, "--engine", "echo", "--model", MODEL))
            for region in REGIONS
        }


@contextmanager
def program(router_url, path, mode):
    """The calls of a program: a function that makes one and says what it came to."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", ROOT / "tests/client/calling.py", router_url, MODEL, mode],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT)))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def call():
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.readline()
        assert said, "the program has ended"
        return json.loads(said)

    try:
        yield call
        process.stdin.close()
        assert json.loads(process.stdout.readline()) == "one two three"
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(("path", "generation"), [((), "3."), ((OLD,), "2.")])
async def test_every_call_is_answered_while_nodes_die_and_hang_and_then_the_router_dies(
    tmp_path, nodes, path, generation, mode
):
    config = tmp_path / "regions.yaml"
    config.write_text(regions_yaml({region: node.url for region, node in nodes.items()}))
    async with router(config) as site:
        await site.is_up(*nodes)
        with program(site.url, path, mode) as call:
            before = [call() for _ in range(3)]
            nodes["yto-01"].process.kill()
            killed = [call() for _ in range(5)]
            nodes["yul-01"].signal(signal.SIGSTOP)
            stopped = [call() for _ in range(5)]
            site.process.kill()
            alone = [call() for _ in range(5)]
            nodes["yul-01"].signal(signal.SIGCONT)
    everything = before + killed + stopped + alone
    assert {each["text"] for each in everything} == {"one two three"}
    assert {each["openai"][:2] for each in everything} == {generation}
    assert {each["region"] for each in before} == {"yto-01"}
    assert {each["region"] for each in killed} == {"yul-01"}
    assert (stopped[0]["region"], stopped[0]["reason"][-13:]) == ("yvr-02", "yul-01 silent")
    assert {each["region"] for each in stopped + alone} == {"yvr-02"}
    assert max(each["ms"] for each in everything) < 3000


@pytest.mark.parametrize("behave", [full, resets])
def test_a_node_that_is_full_or_resets_costs_a_call_nothing(nodes, behave):
    with ExitStack() as stack:
        bad = stack.enter_context(played(behave))
        places = [("bad-01", bad.url), ("yto-01", nodes["yto-01"].url)]
        site = stack.enter_context(played(lambda handler: handler.tell(route(places))))
        sdk = openai.OpenAI(api_key="-", max_retries=0, http_client=stack.enter_context(http_client(site.url)))
        said = [{"role": "user", "content": "hello"}]
        for _ in range(5):
            assert sdk.chat.completions.create(model=MODEL, messages=said).choices[0].message.content


def test_uploads_and_embeddings_go_the_same_way():
    everything = ("whisper-tiny.en", "all-minilm-l6-v2")
    models = [word for name in everything for word in ("--model", name)]
    with started("--region", "yto-01", "--engine", "echo", *models) as node, ExitStack() as stack:
        site = stack.enter_context(played(lambda handler: handler.tell(route([("yto-01", node.url)]))))
        sdk = openai.OpenAI(api_key="-", http_client=stack.enter_context(http_client(site.url)))
        assert sdk.embeddings.create(model="all-minilm-l6-v2", input="sun").data[0].embedding
        sound = ("said.wav", wav(1.0))
        assert sdk.audio.transcriptions.create(model="whisper-tiny.en", file=sound).text
        assert [path for path, *_ in site.asked] == [f"/v1/route?model={name}" for name in reversed(everything)]


def test_what_the_router_refuses_is_the_sdks_own_error():
    def refuses(handler):
        body = {"code": "model_not_found", "error": {"message": "no region has gpt", "code": "model_not_found"}}
        handler.tell(body, status=404)

    with played(refuses) as site, http_client(site.url) as http:
        sdk = openai.OpenAI(api_key="-", http_client=http)
        with pytest.raises(openai.NotFoundError, match="no region has gpt"):
            sdk.chat.completions.create(model="gpt", messages=[])
