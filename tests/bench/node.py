"""What the agent costs beside a bare tritonclient on the same Triton: ``python -m tests.bench.node``.

Both ask the same model, in turns, in one run, so that whatever else the machine does hits both. *Bare* speaks gRPC to
the agent's own Triton and reads the model's pieces; *agent* speaks OpenAI's API over HTTP and reads its events.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from statistics import median, quantiles

from aiohttp import ClientSession

from node_agent.core.chat import Manner, Message, Prompt, Role, Sampling
from node_agent.core.models import ModelName
from node_agent.engines.triton.codecs.tensors import string_in
from node_agent.engines.triton.link import Link
from tests.agent.process import Node, started
from tests.agent.scenes import MODEL, codec

TRITON_MODEL = "smollm2_135m_instruct"
TEXT = "Count: one two three four five six seven eight nine ten."

Ask = Callable[[int], AsyncIterator[str]]
"""Texts of an answer of at most so many tokens, as they come."""


def bare(link: Link) -> Ask:
    """Straight to Triton."""

    async def ask(tokens: int) -> AsyncIterator[str]:
        manner = Manner(Sampling(temperature=0), max_tokens=tokens)
        asked = codec().encode(Prompt(ModelName(MODEL), (Message(Role.USER, TEXT),), manner))
        async with aclosing(link.stream(TRITON_MODEL, asked)) as answers:
            async for each in answers:
                if text := json.loads(string_in(each, "piece"))["text"]:
                    yield text

    return ask


def through(session: ClientSession, url: str) -> Ask:
    """Through the agent."""

    async def ask(tokens: int) -> AsyncIterator[str]:
        message = {"role": "user", "content": TEXT}
        body = {"model": MODEL, "messages": [message], "temperature": 0, "max_tokens": tokens, "stream": True}
        async with session.post(url + "/v1/chat/completions", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    choices = json.loads(line[6:])["choices"]
                    if text := choices[0]["delta"].get("content"):
                        yield text

    return ask


async def first(ask: Ask) -> float:
    """Seconds to the first text of a short answer."""
    began, came = time.perf_counter(), 0.0
    async for _ in ask(2):
        came = came or time.perf_counter() - began
    return came


async def rate(ask: Ask, streams: int, tokens: int) -> float:
    """Texts a second of several answers at once."""

    async def count() -> int:
        return sum([1 async for _ in ask(tokens)])

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        counts = [group.create_task(count()) for _ in range(streams)]
    return sum(task.result() for task in counts) / (time.perf_counter() - began)


async def compare(node: Node, pairs: int, rounds: int, tokens: int) -> dict[str, float]:
    """Both, in turns."""
    home = next(Path("/tmp").glob(f"autorouter-node-{node.pid}-*"))
    link = Link(f"unix://{home}/triton:1")
    async with ClientSession() as session:
        ways = {"bare": bare(link), "agent": through(session, node.url)}
        for ask in (*ways.values(), *ways.values()):
            await first(ask)
        firsts = {name: [] for name in ways}
        for _, name in itertools.product(range(pairs), ways):
            firsts[name].append(await first(ways[name]))
        rates = {name: [] for name in ways}
        for _, name in itertools.product(range(rounds), ways):
            rates[name].append(await rate(ways[name], streams=2, tokens=tokens))
    await link.close()
    return figures(firsts, rates)


def figures(firsts: dict[str, list[float]], rates: dict[str, list[float]]) -> dict[str, float]:
    """Milliseconds and tokens a second, as medians; what is added, and the share that is left."""
    told = {f"ttft_{name}_ms": 1000 * median(each) for name, each in firsts.items()}
    told |= {f"ttft_{name}_p90_ms": 1000 * quantiles(each, n=10)[-1] for name, each in firsts.items()}
    told["ttft_added_ms"] = 1000 * median(b - a for a, b in zip(firsts["bare"], firsts["agent"], strict=True))
    told |= {f"tokens_per_s_{name}": median(each) for name, each in rates.items()}
    told["throughput_kept"] = median(b / a for a, b in zip(rates["bare"], rates["agent"], strict=True))
    return {name: round(value, 3) for name, value in told.items()}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="short answers each way")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of two long answers each way")
    parser.add_argument("--tokens", type=int, default=64, help="length of a long answer")
    asked = parser.parse_args()
    with started("--slots", "2") as node:
        told = asyncio.run(compare(node, asked.pairs, asked.rounds, asked.tokens))
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
