"""Redis, where routers share what they see, and where holds and round trips are kept."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from autorouter.doctor.case import Case
from autorouter.runtime.clock import now
from autorouter.store.redis import PATIENCE, client, fault_in, why
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong

NAME = "redis"
DEADLINE_S = 1.0
OLDEST = (6, 2)
"""Its protocol 3, and streams that are cut to length."""
FULL = 0.9
STRANGERS = ("HELLO must be called with the client already authenticated", "invalid username-password pair")
"""What Redis says to who gives no password, or another. To redis-py, in protocol 3, it is any failed connection."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Redis says of itself."""

    version: str
    round_trip_ms: float
    policy: str
    used: int
    most: int
    """Bytes; 0 for as many as there are."""
    persists: bool | None
    """None: it does not say."""
    is_replica: bool = False


async def check(case: Case) -> Sequence[Finding]:
    """Ask it how it is."""
    url = case.options.redis_url
    if not url:
        return [skipped(NAME, "no --redis: this router is alone, and forgets everything when it ends")]
    if fault := fault_in(url):
        return [wrong(NAME, f"REDIS_URL: {fault}", "export REDIS_URL=redis://:PASSWORD@HOST:6379")]
    redis = client(url, DEADLINE_S)
    try:
        return verdicts(await _told(redis), cli(url))
    except (RedisError, OSError) as exc:
        return [refusal(exc, cli(url))]
    finally:
        await redis.aclose()


async def _told(redis: Redis) -> Told:
    await redis.ping()
    began = now()
    await redis.ping()
    took = (now() - began) * 1000
    said = await redis.info()
    return Told(
        version=str(said.get("valkey_version") or said.get("redis_version", "0")),
        round_trip_ms=took,
        policy=str(said.get("maxmemory_policy", "")),
        used=int(said.get("used_memory", 0)),
        most=int(said.get("maxmemory", 0)),
        persists=await _persists(redis, bool(said.get("aof_enabled"))),
        is_replica=said.get("role") == "slave",
    )


async def _persists(redis: Redis, appends: bool) -> bool | None:  # noqa: FBT001 - the one thing that it already knows
    """Whether a restart finds anything again."""
    if appends:
        return True
    try:
        saves = await redis.config_get("save")
    except ResponseError:
        return None
    return bool(next(iter(saves.values()), ""))


def cli(url: str) -> str:
    """How an operator talks to this Redis, without what is secret in *url*."""
    if url.startswith("unix:"):
        return f"redis-cli -s {shlex.quote(url.removeprefix('unix://').partition('?')[0].rpartition('@')[2])}"
    scheme, _, rest = url.partition("://")
    return f"redis-cli -u {scheme}://{rest.rpartition('@')[2]}"


def refusal(exc: Exception, command: str) -> Finding:
    """What to say of a Redis that did not tell."""
    match exc:
        case _ if isinstance(exc, AuthenticationError) or any(each in str(exc) for each in STRANGERS):
            told = "Redis wants another password than REDIS_URL has, or has a user of another name"
            return wrong(NAME, told, "export REDIS_URL=redis://:PASSWORD@HOST:6379    # or USER:PASSWORD")
        case NoPermissionError():
            told = f"the user of REDIS_URL may not do what a router does: {exc}"[:160]
            return wrong(NAME, told, f"{command} ACL SETUSER USER '~autorouter:*' +@all -@admin +info +time +ping")
        case _:
            told = f"Redis does not answer: {why(exc)}; routers go on, and each sees only what it sees itself"
            return wrong(NAME, told, f"{command} ping    # start it, or mend REDIS_URL")


def verdicts(told: Told, command: str) -> Sequence[Finding]:
    """What to say of what it *told*."""
    bad = [finding for each in (_version, _policy, _room, _pace, _kept, _role) if (finding := each(told, command))]
    room = f"{told.used / 2**20:.0f} MiB used" + (f" of {told.most / 2**20:.0f}" if told.most else "")
    return bad or [ok(NAME, f"Redis {told.version}, {told.round_trip_ms:.1f} ms away, {room}, kept across restarts")]


def _version(told: Told, _command: str) -> Finding | None:
    numbers = tuple(int(part) for part in told.version.split(".")[:2] if part.isdigit())
    if numbers >= OLDEST:
        return None
    oldest = ".".join(map(str, OLDEST))
    return wrong(NAME, f"Redis is {told.version}, older than {oldest}", "apt-get install redis-server    # or Valkey")


def _policy(told: Told, command: str) -> Finding | None:
    if told.policy in ("noeviction", ""):
        return None
    said = f"Redis drops keys when its memory is full ({told.policy}): holds and round trips would be gone"
    return wrong(NAME, said, f"{command} CONFIG SET maxmemory-policy noeviction    # and in its configuration file")


def _room(told: Told, command: str) -> Finding | None:
    if not told.most or told.used < FULL * told.most:
        return None
    said = (
        f"Redis has used {told.used / told.most:.0%} of its {told.most / 2**20:.0f} MiB, and refuses what is beyond"
    )
    return wrong(NAME, said, f"{command} CONFIG SET maxmemory {2 * told.most}")


def _pace(told: Told, command: str) -> Finding | None:
    limit = PATIENCE * 1000
    if told.round_trip_ms < limit / 4:
        return None
    said = f"Redis is {told.round_trip_ms:.0f} ms away, and routers wait for it {limit:.0f} ms"
    grade = wrong if told.round_trip_ms >= limit else warning
    return grade(NAME, said, f"{command} --latency    # it should be near the routers")


def _kept(told: Told, command: str) -> Finding | None:
    if told.persists is not False:
        return None
    said = "Redis keeps nothing across a restart (neither AOF nor RDB): holds and measured round trips would be gone"
    return warning(NAME, said, f"{command} CONFIG SET appendonly yes    # and in its configuration file")


def _role(told: Told, _command: str) -> Finding | None:
    if not told.is_replica:
        return None
    return wrong(NAME, "this Redis is a replica: routers cannot write to it", "export REDIS_URL=…    # its primary's")
