"""A Triton that somebody else runs: used, judged, and left alone."""

import asyncio
import os
import subprocess
import sys

import pytest

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.errors import EngineError
from node_agent.engines.artefacts import store_at
from node_agent.engines.triton import census
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import OwnChild
from tests.agent.process import started
from tests.agent.real.test_life import ask


@pytest.fixture
async def stranger():
    """A Triton of this test's own, with the catalogue's model in its repository; nothing is loaded."""
    models = choose(read_catalogue(), read_options({"region": "elsewhere"}))
    async with OwnChild(models, store_at(dict(os.environ)), allow_unpatched=True).open() as reached:
        link = Link(reached.address)
        async with asyncio.timeout(20):
            while not await lives(link):
                await asyncio.sleep(0.05)
        await link.close()
        yield reached


async def lives(link):
    try:
        return await link.live()
    except EngineError:
        return False


async def test_a_strangers_triton_is_used_and_outlives_the_agent(stranger):
    def use():
        with started("--triton", stranger.address) as node:
            assert ask(node).status_code == 200

    await asyncio.to_thread(use)
    assert not stranger.child.exited
    assert census.lives(stranger.child.pid)


async def test_a_model_that_somebody_else_unloads_is_loaded_again(stranger):
    with started("--triton", stranger.address, ready=False) as node:
        await asyncio.to_thread(node.until_ready)
        link = Link(stranger.address)
        await link.unload("smollm2_135m_instruct")
        await link.close()
        await asyncio.to_thread(node.until, lambda report: report["health"] == "starting", 10.0)
        await asyncio.to_thread(node.until_ready)
        assert (await asyncio.to_thread(ask, node)).status_code == 200


async def test_a_strangers_triton_below_the_floor_is_refused(stranger):
    command = [sys.executable, "-m", "node_agent", "serve", "--region", "yto-01", "--port", "0"]
    refused = await asyncio.to_thread(
        subprocess.run,
        [*command, "--triton", stranger.address],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode == 2
    assert f"node-agent: Triton 2.51.0 ({stranger.address}) is older than 2.70.0" in refused.stderr
    assert "Traceback" not in refused.stderr
