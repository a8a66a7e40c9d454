"""Whether a router could listen, or already does; and if so, how it is."""

import asyncio
import errno
import json
import socket
from collections.abc import Mapping, Sequence

from autorouter.doctor.asking import Answer, Silence, ask
from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong

NAME = "port"
NEEDS_ROOT = "sudo setcap cap_net_bind_service=+ep $(readlink -f $(which python3))    # or a --port above 1023"


async def check(case: Case) -> Sequence[Finding]:
    """Try to listen; where that is taken, ask who is there."""
    host, port = case.options.host, case.options.port
    if not port:
        return [skipped(NAME, "--port 0 takes any that is free")]
    reason = await asyncio.to_thread(_refusal, host, port)
    if not reason:
        return [ok(NAME, f"{host}:{port} is free: no router runs there")]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked, not served
    url = f"http://{f'[{near}]' if ':' in near else near}:{port}"
    return [unusable(url, reason, await ask(f"{url}/readyz?verbose") if reason == errno.EADDRINUSE else None)]


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


def unusable(url: str, reason: int, answer: Answer | Silence | None) -> Finding:
    """What to say of a place where one cannot listen for *reason*, and who answers there."""
    port = url.rpartition(":")[2]
    if reason == errno.EACCES:
        return wrong(NAME, f"port {port} is for root alone", NEEDS_ROOT)
    if reason != errno.EADDRINUSE:
        return wrong(
            NAME, f"nobody can listen at {url}: {errno.errorcode.get(reason, reason)}", "ip address    # --host"
        )
    told = _told(answer.body) if isinstance(answer, Answer) else {}
    if "checks" not in told:
        return wrong(
            NAME, f"{url} is taken by something that is no router", f"ss -ltnp 'sport = :{port}'    # or --port"
        )
    return router(url, told)


def router(url: str, told: Mapping[str, object]) -> Finding:
    """What to say of a router that *told* this."""
    if not told.get("ready"):
        unseen = told.get("nodes_unknown")
        missing = (
            f"has not looked at {', '.join(map(str, unseen))}"
            if isinstance(unseen, list) and unseen
            else "has no fresh news"
        )
        return warning(NAME, f"a router answers at {url}, and is not ready: it {missing}", f"curl {url}/v1/regions")
    if told.get("store_up") is False:
        return warning(NAME, f"a router answers at {url}, and cannot reach its Redis", f"curl {url}/readyz?verbose")
    return ok(NAME, f"a router answers at {url}, ready, its news {told.get('fleet_age_s')} s old")


def _told(body: bytes) -> Mapping[str, object]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
