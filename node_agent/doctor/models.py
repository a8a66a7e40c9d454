"""The models' files: there, and what they should be."""

import asyncio
from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.core.models import File, ModelSpec
from node_agent.doctor.case import Case
from node_agent.engines.artefacts import digest_of, place_of

NAME = "models"
DEADLINE_S = 3.5
"""For reading all of a model: 98 MiB take 0.1 s, and some are a hundred times as large."""


async def check(case: Case) -> Sequence[Finding]:
    """Read every file of every model, side by side."""
    if case.options is None or case.options.engine != "triton":
        return [skipped(NAME, "no model's files are asked for")]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_in_time(case, model)) for model in case.models]
    return [task.result() for task in tasks]


async def _in_time(case: Case, model: ModelSpec) -> Finding:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await asyncio.to_thread(_looked_at, case, model)
    except TimeoutError:
        return skipped(NAME, f"{model.name}: too large to be read within {DEADLINE_S:g} s, or its disk is slow")


def _looked_at(case: Case, model: ModelSpec) -> Finding:
    if not model.files:
        return skipped(NAME, f"{model.name} has no files here")
    places = {file: place_of(file, case.store) for file in model.files.values()}
    missing = [file for file, place in places.items() if not place.is_file()]
    damaged = [file for file, place in places.items() if file not in missing and digest_of(place) != file.sha256]
    if damaged:
        return _damaged(case, model, damaged)
    if missing:
        told = f"{len(missing)} of {len(model.files)} files of {model.name} are not there; serve fetches them first"
        return warning(NAME, told, f"node-agent fetch --model {model.name}")
    size = sum(place.stat().st_size for place in places.values()) / 2**20
    return ok(NAME, f"{model.name}: {len(places)} files of {size:.0f} MiB, all as they should be")


def _damaged(case: Case, model: ModelSpec, damaged: Sequence[File]) -> Finding:
    places = " ".join(str(place_of(file, case.store)) for file in damaged)
    told = f"{len(damaged)} of {len(model.files)} files of {model.name} are damaged: their digest is another"
    return wrong(NAME, told, f"rm {places} && node-agent fetch --model {model.name}")
