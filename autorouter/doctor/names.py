"""Whether the names in regions.yaml resolve, and to what."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from autorouter.core.address import Address, is_private, parse
from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, skipped, wrong

NAME = "names"
DEADLINE_S = 4.0

Found = Sequence[Address] | str
"""The addresses of a name, or why it has none."""


async def check(case: Case) -> Sequence[Finding]:
    """Resolve each name once."""
    users = users_of(case)
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(resolve(name)) for name in users}
    return verdicts(users, {name: task.result() for name, task in tasks.items()})


def users_of(case: Case) -> Mapping[str, str]:
    """Host name → what it is in regions.yaml, the rule about private addresses included; addresses are no names."""
    users: dict[str, str] = {}
    for region in case.regions:
        agents = [node.agent for node in region.nodes]
        for url in (region.endpoint, *agents, *filter(None, (node.endpoint for node in region.nodes))):
            host = urlsplit(url).hostname or ""
            if parse(host) is None:
                strict = url in agents and not region.allow_private
                users[host] = f"{'agent' if url in agents else 'endpoint'} of {region.name}{' !' if strict else ''}"
    return users


async def resolve(name: str) -> Found:
    """All addresses of *name*."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return f"no answer within {DEADLINE_S:g} s"
    except (OSError, UnicodeError) as exc:
        return str(getattr(exc, "strerror", None) or exc)
    addresses = [parse(f"[{target[0]}]") for *_, target in found]
    return [each for each in dict.fromkeys(addresses) if each is not None]


def verdicts(users: Mapping[str, str], found: Mapping[str, Found]) -> Sequence[Finding]:
    """What to say of names that are so used and were so *found*."""
    if not users:
        return [skipped(NAME, "regions.yaml has addresses, no names")]
    bad = [finding for name, user in users.items() if (finding := _verdict(name, user, found[name]))]
    good = [addresses for addresses in found.values() if not isinstance(addresses, str)]
    families = [any(isinstance(each, IPv6Address) for each in addresses) for addresses in good]
    told = f"{len(good)} of {len(users)} names resolve, {sum(families)} of them to IPv6 too"
    return [*bad, *([] if bad else [ok(NAME, told)])]


def _verdict(name: str, user: str, found: Found) -> Finding | None:
    who = user.removesuffix(" !")
    if isinstance(found, str):
        told = f"{name} ({who}) does not resolve: {found}"
        return wrong(NAME, told, f"dig +short {name}    # add its record, or mend the name in regions.yaml")
    private = [str(each) for each in found if is_private(each)]
    if private and user.endswith(" !"):
        told = f"{name} ({who}) is {private[0]}, which is private, so that routers do not ask it"
        return wrong(
            NAME, told, f"allow_private: true    # under {who.split()[-1]} in regions.yaml, if that is meant"
        )
    return None
