"""Whether an agent could listen, or already does; and if so, how it is, and whether a router asks it."""

import asyncio
import errno
import json
import socket
from collections.abc import Mapping, Sequence

import aiohttp

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.doctor.case import Case

NAME = "agent"
STATUS = "/v1/node/status"
DEADLINE_S = 0.8
WATCHED_S = 2.5
"""Routers ask every 2 s unless their regions.yaml says otherwise."""
MOST_BYTES = 96 * 1024

Told = Mapping[str, object]


async def check(case: Case) -> Sequence[Finding]:
    """Try to listen; where that is taken, ask who is there."""
    if case.options is None or not case.options.port:
        return [skipped(NAME, "it is not known where it would listen")]
    host, port = case.options.host, case.options.port
    reason = await asyncio.to_thread(_refusal, host, port)
    if not reason:
        return [ok(NAME, f"{host}:{port} is free: no agent runs there")]
    first = await report_of(case) if reason == errno.EADDRINUSE else None
    if first is None:
        return [unusable(f"{host}:{port}", port, reason)]
    await asyncio.sleep(WATCHED_S)
    return [condition(url_of(case), first), polled(first, await report_of(case))]


async def answers(case: Case) -> bool:
    """Whether an agent runs where one would."""
    return bool(case.options and case.options.port) and await report_of(case) is not None


def url_of(case: Case) -> str:
    """Where it is from this machine."""
    host, port = (case.options.host, case.options.port) if case.options else ("127.0.0.1", 0)
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked, not served
    return f"http://{f'[{near}]' if ':' in near else near}:{port}"


async def report_of(case: Case) -> Told | None:
    """What the agent tells of itself; None if there is none, or it does not."""
    headers = {"Authorization": f"Bearer {case.keys[0].bearer}"} if case.keys else {}
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{url_of(case)}{STATUS}", allow_redirects=False) as answer,
        ):
            told = json.loads(await answer.content.read(MOST_BYTES))
    except (aiohttp.ClientError, OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "boot_id" in told else None


def _refusal(host: str, port: int) -> int:
    """Why nobody could listen there now, as the kernel numbers it; 0 if one could."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError as exc:
            return exc.errno or errno.EINVAL
    return 0


def unusable(place: str, port: int, reason: int) -> Finding:
    """What to say of a *place* where one cannot listen for *reason*, and no agent answers."""
    if reason == errno.EACCES:
        return wrong(NAME, f"port {port} is for root alone", "node-agent serve … --port 8081")
    if reason != errno.EADDRINUSE:
        why = errno.errorcode.get(reason, str(reason))
        return wrong(NAME, f"nobody can listen at {place}: {why}", "ip address    # what --host can be")
    told = f"{place} is taken by something that is no node agent, or one with another AUTOROUTER_KEY"
    return wrong(NAME, told, f"ss -ltnp 'sport = :{port}'    # end it, or another --port")


def condition(url: str, told: Told) -> Finding:
    """What to say of an agent that *told* this."""
    models = told.get("models")
    states = [f"{each.get('name')} {each.get('state')}" for each in models] if isinstance(models, list) else []
    if told.get("health") != "ready":
        said = f"an agent runs at {url} and is {told.get('health')}: {told.get('reason')}"
        return warning(NAME, said, f"curl '{url}/readyz?verbose'")
    return ok(NAME, f"an agent runs at {url} and is ready: {', '.join(states)}")


def polled(first: Told, then: Told | None) -> Finding:
    """Whether somebody but us asked between two reports: each has a number of its own."""
    if then is None:
        return warning(NAME, "the agent went away meanwhile", "journalctl -u node-agent -n 50")
    between = _number(then) - _number(first) - 1
    if first.get("boot_id") != then.get("boot_id") or between < 1:
        told = f"no router has asked this node in {WATCHED_S:g} s"
        return warning(
            NAME, told, "autorouter doctor    # on a router: is the node in its regions.yaml, with this key?"
        )
    return ok(NAME, f"routers asked this node {between} times in {WATCHED_S:g} s")


def _number(told: Told) -> int:
    found = told.get("seq")
    return found if isinstance(found, int) else 0
