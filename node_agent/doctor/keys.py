"""Keys: those of clients, by file and JWKS, and the one that routers share with this node."""

import asyncio
from collections.abc import Mapping, Sequence

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.config import Options
from node_agent.core.errors import ConfigError
from node_agent.core.models import own_names
from node_agent.core.networks import is_loopback
from node_agent.doctor.case import Case
from node_agent.runtime.jwks import Jwks
from node_agent.runtime.opaque import load

NAME = "keys"
NEW = "export AUTOROUTER_KEY=$(openssl rand -hex 32)    # the same for every router and node"


async def check(case: Case) -> Sequence[Finding]:
    """Read what the agent would."""
    if case.options is None:
        return [skipped(NAME, "it is not known which")]
    return [shared(case), await asyncio.to_thread(_file, case), await _public(case.options)]


def shared(case: Case) -> Finding:
    """What to say of AUTOROUTER_KEY."""
    if case.key_fault:
        return wrong(NAME, case.key_fault, NEW)
    if case.keys:
        return ok(NAME, f"AUTOROUTER_KEY is set: {len(case.keys)} of them count")
    host = case.options.host if case.options else ""
    if host != "localhost" and not is_loopback(host):
        return wrong(NAME, f"no AUTOROUTER_KEY: no router on another machine is told how this node at {host} is", NEW)
    return warning(NAME, "no AUTOROUTER_KEY: only routers on this machine are told how this node is", NEW)


def _file(case: Case) -> Finding:
    path = case.options.keys if case.options else None
    if path is None:
        return skipped(NAME, "no --keys")
    try:
        found = load(path)
    except ConfigError as exc:
        return wrong(NAME, str(exc), f"mend that line of {path}; then: kill -HUP $(pgrep -f 'node-agent serve')")
    names = own_names(case.models)
    alien = sorted({m for caller in found.callers() for m in caller.models or () if m not in names})
    if alien:
        return warning(
            NAME,
            f"{path.name} is for models that this node does not have: {', '.join(alien)}",
            f"mend 'models' in {path}",
        )
    return ok(NAME, f"{path.name}: {len(list(found.callers()))} keys, {len(found.revoked)} revoked tokens")


async def _public(options: Options) -> Finding:
    if options.jwks is None:
        return skipped(NAME, "no AUTOROUTER_JWKS")
    try:
        jwks = Jwks(options.jwks)
        found: Mapping[str, object] = await jwks.fetch() if jwks.is_remote else await asyncio.to_thread(jwks.read)
    except ConfigError as exc:
        return wrong(NAME, str(exc), "autorouter keys public PRIVATE.pem > jwks.json    # AUTOROUTER_JWKS=jwks.json")
    return ok(NAME, f"AUTOROUTER_JWKS has {len(found)} keys: {', '.join(sorted(found))[:80]}")
