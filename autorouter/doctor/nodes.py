"""Each node's agent: whether it can be reached, tells this router how it is, and is who regions.yaml says."""

import asyncio
from collections.abc import Sequence
from importlib import metadata

from pydantic import ValidationError

from autorouter.core.fleet import Node, Region
from autorouter.doctor.asking import Answer, Silence, ask
from autorouter.doctor.case import Case
from autorouter.probing.status import PATH
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from autorouter.wire.node import NodeReport

NAME = "nodes"


async def check(case: Case) -> Sequence[Finding]:
    """Ask each as a router does."""
    if not case.nodes:
        return [skipped(NAME, "there are no nodes to ask")]
    bearer = case.keys[0].bearer if case.keys else None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(f"{node.agent}{PATH}", bearer)) for _, node in case.nodes]
    asked = zip(case.nodes, tasks, strict=True)
    return [verdict(region, node, task.result(), has_key=bool(case.keys)) for (region, node), task in asked]


def verdict(region: Region, node: Node, answer: Answer | Silence, *, has_key: bool) -> Finding:
    """What to say of *answer*."""
    start = f"node-agent serve --region {region.name} --node {node.name}"
    if isinstance(answer, Silence) and answer.cause in {"name", "certificate"}:
        return skipped(NAME, f"{node.name} at {node.agent}: {answer.why}")
    if isinstance(answer, Silence):
        told = f"{node.name} at {node.agent}: {answer.why}"
        return wrong(
            NAME, told, f"curl -i {node.agent}/livez    # there: {start}; or mend its 'agent' in regions.yaml"
        )
    if answer.status == 401:
        return _other_key(node, has_key=has_key)
    try:
        report = NodeReport.model_validate_json(answer.body if answer.status == 200 else b"")
    except ValidationError:
        told = f"{node.name} at {node.agent}: answered {answer.status}, and not as a node agent does"
        return wrong(NAME, told, f"curl -i {node.agent}{PATH}    # mend its 'agent' in regions.yaml")
    if (report.region, report.node) != (region.name, node.name):
        told = f"what answers at {node.agent} is {report.node} in {report.region}, not {node.name} in {region.name}"
        return wrong(NAME, told, f"{start}    # there; or mend 'id' and 'agent' in regions.yaml")
    return _condition(region, report, answer.took_ms)


def _other_key(node: Node, *, has_key: bool) -> Finding:
    ours = "another AUTOROUTER_KEY than this router" if has_key else "an AUTOROUTER_KEY, and this router has none"
    fix = f"export AUTOROUTER_KEY=…    # the same here and where {node.name} runs; then start both again"
    return wrong(NAME, f"{node.name} at {node.agent} has {ours}: it tells it nothing", fix)


def _condition(region: Region, report: NodeReport, took: float) -> Finding:
    """How a node is that answers as it should."""
    failed = [model.name for model in report.models if model.state == "failed"]
    lacking = sorted((region.models or frozenset()) - {model.name for model in report.models})
    verbose = f"curl {next(node.agent for node in region.nodes if node.name == report.node)}/readyz?verbose"
    if failed or report.health != "ready":
        reason = f": {report.reason}" if report.reason else f": {', '.join(failed)} failed" if failed else ""
        return warning(NAME, f"{report.node} is {report.health}{reason}", verbose)
    if lacking:
        told = f"{report.node} lacks {', '.join(lacking)}, which regions.yaml promises for {region.name}"
        return warning(NAME, told, f"node-agent serve … {' '.join(f'--model {name}' for name in lacking)}    # there")
    if report.agent != version():
        told = f"{report.node} runs {report.agent}, and this is {version()}"
        return warning(NAME, told, f"pip install --upgrade autorouter=={version()}    # there, or here")
    ready = sum(model.state == "ready" for model in report.models)
    loaded = f"{ready} of {len(report.models)} models loaded"
    return ok(NAME, f"{report.node} is ready, {took:.0f} ms away with its connection; {loaded}")


def version() -> str:
    """The version of what runs here."""
    try:
        return metadata.version("autorouter")
    except metadata.PackageNotFoundError:
        return "0+source"
