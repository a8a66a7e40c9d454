"""Whether each https address shows a certificate that clients accept, and for how long yet."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from autorouter.doctor.case import Case
from autorouter.runtime.clock import unix_now
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong

NAME = "certificates"
DEADLINE_S = 3.5
DAY_S = 86_400
SOON_DAYS = 21
"""A renewal that runs by itself has failed for a week by then: they run at 30."""
NOW_DAYS = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """What a server showed."""

    ends: float | None
    """Unix seconds; None if it showed nothing that could be read."""
    fault: str = ""
    """Why clients refuse it; empty if they do not."""
    reached: bool = True


async def check(case: Case) -> Sequence[Finding]:
    """Look at each address once."""
    places = places_of(case)
    if not places:
        return [skipped(NAME, "no address in regions.yaml is https")]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(shown(host, port)) for host, port in places]
    return verdicts(
        [(host, port, task.result()) for (host, port), task in zip(places, tasks, strict=True)], unix_now()
    )


def places_of(case: Case) -> Sequence[tuple[str, int]]:
    """Host and port of all that is https."""
    urls = [url for region in case.regions for url in (region.endpoint, *(node.agent for node in region.nodes))]
    urls += [node.endpoint for _, node in case.nodes if node.endpoint]
    parts = [urlsplit(url) for url in urls]
    return list(dict.fromkeys((each.hostname or "", each.port or 443) for each in parts if each.scheme == "https"))


async def shown(host: str, port: int) -> Shown:
    """What the server at *host* and *port* shows."""
    try:
        der = await _certificate(host, port, ssl.create_default_context())
        return Shown(_end(der))
    except ssl.SSLCertVerificationError as exc:
        return Shown(await _end_unchecked(host, port), exc.verify_message)
    except ssl.SSLError as exc:
        return Shown(None, f"no TLS there ({exc.reason or exc})")
    except (OSError, TimeoutError, UnicodeError):
        return Shown(None, reached=False)


async def _certificate(host: str, port: int, context: ssl.SSLContext) -> bytes:
    async with asyncio.timeout(DEADLINE_S / 2):
        _, writer = await asyncio.open_connection(host, port, ssl=context, family=socket.AF_UNSPEC)
    try:
        found = writer.get_extra_info("ssl_object")
        return bytes(found.getpeercert(binary_form=True) or b"")
    finally:
        writer.transport.abort()


async def _end_unchecked(host: str, port: int) -> float | None:
    """The end of a certificate that is refused: nothing is sent to who shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, TimeoutError, ValueError):
        return _end(await _certificate(host, port, context))
    return None


def _end(der: bytes) -> float:
    return x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()


def verdicts(found: Sequence[tuple[str, int, Shown]], now: float) -> Sequence[Finding]:
    """What to say of what each showed, at *now*."""
    bad = [finding for host, port, each in found if (finding := _verdict(host, port, each, now))]
    silent = [f"{host}:{port}" for host, port, each in found if not each.reached]
    if silent:
        bad.append(skipped(NAME, f"{len(silent)} of {len(found)} cannot be reached: {', '.join(silent)}"))
    ends = [(each.ends - now, host) for host, _, each in found if each.ends and not each.fault]
    good = [(left, host) for left, host in ends if left > SOON_DAYS * DAY_S]
    if not good:
        return bad
    left, host = min(good)
    soonest = f"the first to end is {host}'s, in {left / DAY_S:.0f} days"
    return [*bad, ok(NAME, f"{len(good)} certificates are good; {soonest}")]


def _verdict(host: str, port: int, each: Shown, now: float) -> Finding | None:
    look = (
        f"openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout -dates -subject"
    )
    left = None if each.ends is None else (each.ends - now) / DAY_S
    if left is not None and left < 0:
        return wrong(
            NAME, f"the certificate of {host}:{port} ended {-left:.0f} days ago", f"certbot renew    # {look}"
        )
    if each.fault:
        return wrong(NAME, f"clients refuse the certificate of {host}:{port}: {each.fault}", look)
    if left is not None and left < SOON_DAYS:
        grade = wrong if left < NOW_DAYS else warning
        return grade(
            NAME, f"the certificate of {host}:{port} ends in {left:.1f} days", f"certbot renew    # on {host}"
        )
    return None
