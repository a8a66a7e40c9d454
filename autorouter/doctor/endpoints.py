"""Whether clients who are sent to a region's endpoint come to that region's nodes."""

import asyncio
import json
from collections.abc import Mapping, Sequence

from autorouter.core.fleet import Region
from autorouter.doctor.asking import Answer, Silence, ask
from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, skipped, wrong

NAME = "endpoints"
PATH = "/health"
"""Open to all, and tells which node it is."""


async def check(case: Case) -> Sequence[Finding]:
    """Knock at each as a client would."""
    doors = doors_of(case.regions)
    if not doors:
        return [skipped(NAME, "there are none but the agents' own addresses")]
    async with asyncio.TaskGroup() as group:
        tasks = {url: group.create_task(ask(f"{url}{PATH}")) for url in doors}
    return verdicts(doors, {url: task.result() for url, task in tasks.items()})


def doors_of(regions: Sequence[Region]) -> Mapping[str, frozenset[str]]:
    """Endpoint → the nodes that may answer there. What is an agent's own address is looked at as such."""
    agents = {node.agent for region in regions for node in region.nodes}
    doors = {region.endpoint: frozenset(str(node.name) for node in region.nodes) for region in regions}
    own = {node.endpoint: frozenset({str(node.name)}) for region in regions for node in region.nodes if node.endpoint}
    return {url: nodes for url, nodes in (doors | own).items() if url not in agents}


def verdicts(doors: Mapping[str, frozenset[str]], answers: Mapping[str, Answer | Silence]) -> Sequence[Finding]:
    """What to say of what answered."""
    bad = [finding for url, nodes in doors.items() if (finding := _verdict(url, nodes, answers[url]))]
    took = [each.took_ms for each in answers.values() if isinstance(each, Answer)]
    if bad or not took:
        return bad
    return [ok(NAME, f"{len(doors)} endpoints lead to their own nodes; the slowest took {max(took):.0f} ms")]


def _verdict(url: str, nodes: frozenset[str], answer: Answer | Silence) -> Finding | None:
    look = f"curl -i {url}{PATH}"
    if isinstance(answer, Silence) and answer.cause in {"name", "certificate"}:
        return skipped(NAME, f"{url}: {answer.why}")
    if isinstance(answer, Silence):
        return wrong(NAME, f"clients who are sent to {url} reach nobody: {answer.why}", look)
    node = _node(answer.body)
    if node in nodes:
        return None
    told = f"at {url} answers {node or 'something that is no node agent'}, expected {' or '.join(sorted(nodes))}"
    return wrong(NAME, told, f"{look}    # mend where it leads, or 'endpoint' in regions.yaml")


def _node(body: bytes) -> str:
    """The node that *body* names; empty if it names none."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return str(told.get("node", ""))[:128] if isinstance(told, dict) else ""
