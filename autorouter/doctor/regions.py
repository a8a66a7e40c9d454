"""Whether regions.yaml can be read."""

from collections.abc import Sequence

from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, wrong

NAME = "regions"


async def check(case: Case) -> Sequence[Finding]:
    """Each fault with its line, as `autorouter check` tells it."""
    path = case.options.regions
    if case.catalog is None:
        return [wrong(NAME, case.fault, f"mend that, then: autorouter check {path}")]
    planned = len(case.catalog.regions) - len(case.regions)
    more = f", and {planned} planned" if planned else ""
    return [ok(NAME, f"{path.name}: {len(case.regions)} regions with {len(case.nodes)} nodes{more}")]
