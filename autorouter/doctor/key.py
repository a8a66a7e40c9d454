"""AUTOROUTER_KEY: there, and hard to guess."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from autorouter.core.address import parse
from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, warning, wrong
from autorouter.wire.key import keys

NAME = "key"
FIX = "export AUTOROUTER_KEY=$(openssl rand -hex 32)    # the same for every router and node"

FEWEST_LETTERS = 8
"""Different ones, of a key that somebody has thrown dice for: 32 hexadecimal digits have 13 to 16."""


async def check(case: Case) -> Sequence[Finding]:
    """Look at the key as a router would read it."""
    far = [node.agent for _, node in case.nodes if not _is_here(node.agent)]
    return [verdict(case.options.secret, len(far))]


def verdict(secret: str, far: int) -> Finding:
    """What to say of *secret*, with *far* nodes on other machines."""
    try:
        found = keys(secret)
    except ValueError as exc:
        return wrong(NAME, f"AUTOROUTER_KEY: {exc}", FIX)
    if not found and far:
        return wrong(
            NAME, f"no AUTOROUTER_KEY, and {far} nodes on other machines tell nobody how they are without", FIX
        )
    if not found:
        return warning(NAME, "no AUTOROUTER_KEY: clients are not asked to measure other regions", FIX)
    if any(len(set(key.secret)) < FEWEST_LETTERS for key in found):
        return wrong(
            NAME, f"AUTOROUTER_KEY has fewer than {FEWEST_LETTERS} different letters and can be guessed", FIX
        )
    return ok(NAME, f"AUTOROUTER_KEY is set: {len(found)} key{'s' if len(found) > 1 else ''}, the first signs")


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    address = parse(host)
    return host == "localhost" or (address is not None and address.is_loopback)
