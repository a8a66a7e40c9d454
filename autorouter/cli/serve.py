"""``autorouter serve``: the router itself."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from ipaddress import ip_address
from pathlib import Path

import click
import structlog

from autorouter.cli.failing import fail
from autorouter.config import ConfigError, load
from autorouter.config.admin import admin_at, state_folder
from autorouter.wire.key import Key, keys

PORT = click.IntRange(0, 65535)

LOOPBACK_ONLY = "there is no authentication yet, so only loopback is served; say --open to serve {host} all the same"


@click.command()
@click.option(
    "--regions",
    type=click.Path(path_type=Path),
    default="regions.yaml",
    show_default=True,
    show_envvar=True,
    envvar="AUTOROUTER_REGIONS",
    help="What exists; read again on SIGHUP.",
)
@click.option("--host", default="127.0.0.1", show_default=True, envvar="AUTOROUTER_HOST", help="Address to serve.")
@click.option(
    "--port", type=PORT, default=8080, show_default=True, envvar="AUTOROUTER_PORT", help="0 takes a free one."
)
@click.option("--open", "is_open", is_flag=True, help="Serve other addresses than loopback, without authentication.")
@click.option(
    "--redis",
    "redis_url",
    envvar="REDIS_URL",
    show_envvar=True,
    help="Where routers share what they see; none: alone.",
)
@click.option(
    "--geoip",
    type=click.Path(path_type=Path),
    envvar="AUTOROUTER_GEOIP",
    show_envvar=True,
    help="A City database (.mmdb); none: the embedded one.",
)
@click.option(
    "--geoip-asn",
    type=click.Path(path_type=Path),
    envvar="AUTOROUTER_GEOIP_ASN",
    show_envvar=True,
    help="An ASN database (.mmdb); none: the embedded one.",
)
@click.option(
    "--admin",
    envvar="AUTOROUTER_ADMIN",
    show_envvar=True,
    help="Where operators are listened to: unix:PATH, HOST:PORT of this machine, off; none: a socket of this user.",
)
@click.option(
    "--admin-keys",
    type=click.Path(path_type=Path),
    envvar="AUTOROUTER_ADMIN_KEYS",
    show_envvar=True,
    help="Whose key counts at HOST:PORT of --admin; read again on SIGHUP.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    envvar="AUTOROUTER_STATE",
    show_envvar=True,
    help="Folder in which a router without Redis keeps holds; none: of this user.",
)
def serve(  # noqa: PLR0913 - one per option
    *,
    regions: Path,
    host: str,
    port: int,
    is_open: bool,
    redis_url: str | None,
    geoip: Path | None,
    geoip_asn: Path | None,
    admin: str | None,
    admin_keys: Path | None,
    state: Path | None,
) -> None:
    """Route clients. AUTOROUTER_KEY is the key shared with nodes on other machines."""
    _log_to_stderr()
    from autorouter.app import Autorouter, Options  # noqa: PLC0415 - so that --help and check stay quick
    from autorouter.location.maxmind import UnreadableDatabaseError  # noqa: PLC0415 - same

    _only_where_safe(host, is_open=is_open)
    try:
        catalog = load(regions)
        where = admin_at(admin), admin_keys, state or state_folder()
        router = Autorouter(Options(regions, host, port, redis_url, geoip, geoip_asn, _keys(), *where), catalog)
        _run(router.run())
    except (ConfigError, UnreadableDatabaseError) as exc:
        fail(str(exc))
    except OSError as exc:
        fail(f"cannot serve {host}:{port}: {exc.strerror or exc}")


def _keys() -> tuple[Key, ...]:
    """The keys shared with nodes, from the environment alone: everyone on a machine can read its command lines."""
    try:
        return keys(os.environ.get("AUTOROUTER_KEY", ""))
    except ValueError as exc:
        raise ConfigError(f"AUTOROUTER_KEY: {exc}") from exc


def _only_where_safe(host: str, *, is_open: bool) -> None:
    """Refuse to serve an address that others can reach, unless told to."""
    try:
        safe = ip_address(host).is_loopback
    except ValueError:
        safe = host == "localhost"
    if not safe and not is_open:
        fail(LOOPBACK_ONLY.format(host=host))
    if not safe:
        structlog.get_logger("autorouter").warning("open", host=host, meaning="anyone who can reach it may ask")


def _run(work: Coroutine[None, None, None]) -> None:
    """Run *work* on uvloop; an error in a group of tasks counts as the first of its causes."""
    import uvloop  # noqa: PLC0415 - so that --help stays quick

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except BaseExceptionGroup as exc:
        raise exc.exceptions[0] from exc


def _log_to_stderr() -> None:
    """One line an event: readable on a terminal, JSON elsewhere."""
    console = sys.stderr.isatty()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
