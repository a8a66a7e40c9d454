"""The client for JavaScript with a real router and three real nodes, of which one dies, and then the router."""

import asyncio
import json
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.agent.process import started
from tests.agent.scenes import MODEL
from tests.e2e.process import regions_yaml, router

JS = Path(__file__).parent / "js"
REGIONS = ("yto-01", "yul-01", "yvr-02")


@pytest.fixture
def nodes():
    with ExitStack() as stack:
        yield {
            region: stack.enter_context(started("--region", region, "--engine", "echo", "--model", MODEL))
            for region in REGIONS
        }


@pytest.fixture
async def site(tmp_path, nodes):
    config = tmp_path / "regions.yaml"
    config.write_text(regions_yaml({region: node.url for region, node in nodes.items()}))
    async with router(config) as site:
        await site.is_up(*nodes)
        yield site


@asynccontextmanager
async def program(*arguments):
    """A program that calls all the time: what it has to say of its next calls, and its log."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", "routed.mjs", *arguments, cwd=JS, stdin=pipe, stdout=pipe, stderr=pipe
    )

    async def calls(count):
        async with asyncio.timeout(30):
            return [json.loads(await process.stdout.readline()) for _ in range(count)]

    try:
        yield calls, process.stderr
    finally:
        process.stdin.close()
        async with asyncio.timeout(10):
            await process.communicate()


async def test_neither_a_nodes_death_nor_the_routers_fails_a_call(site, nodes):
    async with program(site.url, MODEL) as (calls, told):
        before = await calls(10)
        nodes["yto-01"].process.kill()
        after = await calls(30)
        site.process.kill()
        alone = await calls(30)
        async with asyncio.timeout(5):
            line = (await told.readline()).decode()
    everything = before + after + alone
    assert {each.get("text") for each in everything} == {"one two three"}, everything
    assert {each["region"] for each in before} == {"yto-01"}
    assert {each["region"] for each in after[1:] + alone} == {"yul-01"}
    assert max(each["ms"] for each in everything) < 3000
    assert line.startswith(f"autorouter: {MODEL}: yto-01 → yul-01 (yto-01 re"), line  # refused, or reset


@pytest.mark.parametrize(
    ("model", "asked", "code", "said"),
    [
        (MODEL, {"residncy": "CA"}, "unknown_parameter", "did you mean"),
        ("gpt-4o", {}, "model_not_found", "gpt-4o"),
    ],
)
async def test_what_the_router_refuses_is_told_by_openais_client(tmp_path, model, asked, code, said):
    config = tmp_path / "regions.yaml"
    config.write_text(regions_yaml({"yto-01": "http://127.0.0.1:9"}))
    async with router(config) as site, program(site.url, model, json.dumps(asked)) as (calls, _):
        for each in await calls(2):
            assert each["code"] == code
            assert said in each["message"]
