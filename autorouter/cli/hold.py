"""``autorouter drain``, ``quarantine``, ``undrain``, ``resume``, ``holds``: what takes no new clients for now."""

import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import click

from autorouter.cli.failing import fail
from autorouter.cli.screen import print_json, shows_json

Command = TypeVar("Command", bound=Callable[..., object])

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}

PAST = {"drain": "drained", "quarantine": "quarantined"}
BACK = {"drain": "undrain", "quarantine": "resume"}

WHERE = click.option(
    "--admin",
    "at",
    metavar="AT",
    envvar="AUTOROUTER_ADMIN",
    show_envvar=True,
    help="The router's admin API: unix:PATH, or HOST:PORT with a key of the scope admin in AUTOROUTER_ADMIN_KEY; "
    "none: the socket of this user's router.",
)
BY = click.option("--by", metavar="NAME", help="In whose name.  [default: you]")


def _holding(command: Command) -> Command:
    """What `drain` and `quarantine` take."""
    for add in (
        click.argument("target"),
        click.option("--reason", help="Why: whoever is on call next will ask."),
        click.option(
            "--for", "lasting", metavar="TIME", help="How long, such as 30m, 2h, 3d; none: until taken back."
        ),
        click.option("--until", metavar="WHEN", help="2026-12-01T08:00Z, in UTC."),
        BY,
        click.option("--force", is_flag=True, help="Even if that leaves no region, or a model nowhere."),
        WHERE,
        shows_json,
    )[::-1]:
        command = add(command)
    return command


def _lifting(command: Command) -> Command:
    """What `undrain` and `resume` take."""
    for add in (click.argument("target"), BY, WHERE, shows_json)[::-1]:
        command = add(command)
    return command


@click.command()
@_holding
def drain(**said: Any) -> None:  # noqa: ANN401 - click's options, one by one below
    """Give TARGET, a region or a node, no new clients; those that it has finish."""
    _hold("drain", **said)


@click.command()
@_holding
def quarantine(**said: Any) -> None:  # noqa: ANN401 - same
    """Drain TARGET, and learn nothing from what it says. It is still looked at."""
    _hold("quarantine", **said)


@click.command()
@_lifting
def undrain(target: str, by: str | None, at: str | None, *, as_json: bool) -> None:
    """Take your own drain of TARGET back. Others' holds stand: then the exit code is 1."""
    _lift(target, {"kind": "drain", **_name(by)}, at, as_json=as_json)


@click.command()
@click.option("--all", "everybody", is_flag=True, help="Everybody's, not only your own.")
@_lifting
def resume(target: str, by: str | None, at: str | None, *, everybody: bool, as_json: bool) -> None:
    """Take all your own holds of TARGET back. Others' holds stand: then the exit code is 1."""
    if everybody and by:
        fail("--all is everybody's, --by is one's: say one of them")
    _lift(target, {"all": "1"} if everybody else _name(by), at, as_json=as_json)


@click.command()
@WHERE
@shows_json
def holds(at: str | None, *, as_json: bool) -> None:
    """List what is held: by whom, since when, until when, and why."""
    told = _operate(at, "GET", "/v1/holds")
    if as_json:
        print_json(json.dumps(told).encode())
        return
    rows = _holds(told["holds"])
    if not rows:
        click.echo("nothing is held")
    for hold in rows:
        click.echo(f"{hold['target']}: {_sentence(hold)}")
    _say_who_told(at)


def _hold(  # noqa: PLR0913, PLR0917 - one per option
    kind: str,
    target: str,
    reason: str | None,
    lasting: str | None,
    until: str | None,
    by: str | None,
    at: str | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    if not reason or not reason.strip():
        fail("say why with --reason: whoever is on call next will ask")
    if lasting and until:
        fail("--for and --until both say when it ends: say one of them")
    body = {"reason": reason, "force": force, **_end(lasting, until), **_name(by)}
    told = _operate(at, "PUT", f"/v1/holds/{quote(target, safe='')}/{kind}", body=body)
    if as_json:
        print_json(json.dumps(told).encode())
        return
    _tell(told, f"autorouter {BACK[kind]} {told['hold']['target']}{_said_by(by)}")
    _say_who_told(at)


def _tell(told: Mapping[str, Any], back: str) -> None:
    """What a hold that was set means; *back* is the command that takes it back."""
    (hold,) = _holds([told["hold"]])
    if told.get("planned"):  # routers before this one do not say it
        click.echo(f"{hold['target']} is only planned: it takes no clients yet, and is {_sentence(hold)}")
    else:
        _tell_effect(told, hold)
    if told["lost"]:
        click.echo(f"mind: {told['lost']}")
    if hold["until"] is None:
        click.echo(f"it has no end: '{back}' takes it back")


def _tell_effect(told: Mapping[str, Any], hold: Mapping[str, Any]) -> None:
    click.echo(f"{hold['target']} takes no new clients from now on: {_sentence(hold)}")
    click.echo(f"the last answers that name it lapse within {told['lapses_s']:.0f} s")
    if hold["kind"] == "quarantine":
        click.echo("it is still looked at; what it says of round trips and usage is not learned")
    others = ", ".join(told["alternates"]) or "nowhere: no other region is left"
    click.echo(f"clients go to: {others}")
    if told["shared"] and hold["kind"] == "drain":
        click.echo(f"mind: clients reach it through {told['shared']}'s endpoint too; drain it on the node as well")
    if told["shared"] and hold["kind"] == "quarantine":
        click.echo(f"mind: {told['shared']}'s endpoint, which it shares with others, is not offered meanwhile")


def _lift(target: str, query: dict[str, str], at: str | None, *, as_json: bool) -> None:
    told = _operate(at, "DELETE", f"/v1/holds/{quote(target, safe='')}", query=query)
    lifted, remaining = _holds(told["lifted"]), _holds(told["remaining"])
    if as_json:
        print_json(json.dumps(told).encode())
    else:
        for hold in lifted:
            click.echo(f"taken back: {hold['target']}, {_sentence(hold)}")
        if not lifted and not remaining:
            click.echo(f"{target} is not held by anyone")
        if lifted and not remaining:
            click.echo(f"{target} takes clients again, if it is up")
        for hold in remaining:
            click.echo(f"still held: {hold['target']}, {_sentence(hold)}")
            click.echo(f"  autorouter {BACK[hold['kind']]} {hold['target']}{_said_by(hold['by'])}")
        for name in sorted({hold["target"] for hold in remaining}):
            click.echo(f"  autorouter resume {name} --all    # everybody's")
        _say_who_told(at)
    raise SystemExit(1 if remaining else 0)


def _operate(at: str | None, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON, told as it is
    from autorouter.cli.operating import operate  # noqa: PLC0415 - so that --help stays quick

    return operate(at, method, path, **more)


def _end(lasting: str | None, until: str | None) -> dict[str, object]:
    if lasting:
        found = re.fullmatch(r"([0-9]{1,6})([dhms])", lasting.strip())
        if not found or not int(found[1]):
            fail(f"--for: expected a time such as 30m, 2h or 3d, found {lasting[:40]!r}")
        return {"for_s": int(found[1]) * UNITS[found[2]]}
    return {"until": until} if until else {}


def _name(by: str | None) -> dict[str, str]:
    """In whose name: of several people who become root the one who did."""
    name = by or os.environ.get("SUDO_USER")
    return {"by": name} if name else {}


def _said_by(by: str | None) -> str:
    return f" --by {shlex.quote(by)}" if by else ""


def _say_who_told(at: str | None) -> None:
    """Commands that ask for routes name a router by AUTOROUTER_URL; these do not, so say which one it was."""
    from autorouter.config.admin import admin_at  # noqa: PLC0415 - so that --help stays quick

    click.echo(f"told by the router at {admin_at(at)}")


def _holds(told: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(each) for each in told]


def _sentence(hold: Mapping[str, Any]) -> str:
    until = "" if hold["until"] is None else f", until {_time(hold['until'])}"
    return f"{PAST[hold['kind']]} by {hold['by']} since {_time(hold['since'])}{until}: {hold['reason']}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
