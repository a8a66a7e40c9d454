"""Whether an agent would start with these options, and this catalogue."""

from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, wrong
from node_agent.doctor.case import Case

NAME = "options"


async def check(case: Case) -> Sequence[Finding]:
    """What `serve` itself would say."""
    if case.fault:
        return [wrong(NAME, case.fault, "node-agent serve --help    # mend the option, or the file that it names")]
    return [
        ok(NAME, f"the catalogue is well-formed and has what is asked for: {', '.join(m.name for m in case.models)}")
    ]
