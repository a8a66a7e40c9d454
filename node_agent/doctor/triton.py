"""Triton: there, new enough, and for this machine alone."""

import asyncio
import os
from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.core.errors import ConfigError, EngineError
from node_agent.doctor.case import Case
from node_agent.engines.triton import layout
from node_agent.engines.triton.cage import require_caged
from node_agent.engines.triton.floor import check as require_patched
from node_agent.engines.triton.link import Link

NAME = "triton"
PINNED = "pip install 'autorouter[triton]'"
NEWER = "node-agent serve … --triton 127.0.0.1:8001    # tritonserver of 26.06 or later, on this machine alone"


async def check(case: Case) -> Sequence[Finding]:
    """The wheel's, or the one at ``--triton``."""
    if case.options is None or case.options.engine != "triton":
        return [skipped(NAME, "no Triton is asked for")]
    allowed = case.options.allow_unpatched_triton
    if case.options.triton is None:
        return [await asyncio.to_thread(_wheel, allowed=allowed)]
    return [await _stranger(case.options.triton, allowed=allowed)]


def _wheel(*, allowed: bool) -> Finding:
    try:
        found = layout.find()
    except ConfigError as exc:
        return wrong(NAME, str(exc), PINNED)
    if not os.access(found.binary, os.X_OK):
        return wrong(NAME, f"{found.binary} cannot be run", f"chmod +x {found.binary}    # or again: {PINNED}")
    return version(found.version, "the wheel's", allowed=allowed)


async def _stranger(address: str, *, allowed: bool) -> Finding:
    try:
        require_caged(address)
    except ConfigError as exc:
        return wrong(NAME, str(exc), f"tritonserver --grpc-address=127.0.0.1 --allow-http=false …    # {address}")
    link = Link(address)
    try:
        return version(await link.version(), address, allowed=allowed)
    except EngineError as exc:
        return wrong(
            NAME, f"no Triton answers at {address}: {exc!s:.160}", "ss -ltnp    # start it, or mend --triton"
        )
    finally:
        await link.close()


def version(found: str, where: str, *, allowed: bool) -> Finding:
    """What to say of a Triton of that version."""
    try:
        patched = require_patched(found, where, allow_unpatched=allowed)
    except ConfigError as exc:
        return wrong(NAME, str(exc), f"{NEWER}; or --allow-unpatched-triton")
    if not patched:
        told = f"Triton {found} ({where}) has published security holes, and is allowed by --allow-unpatched-triton"
        return warning(NAME, told, NEWER)
    return ok(NAME, f"Triton {found} ({where}), at or above the security floor")
