"""``autorouter doctor``: what is wrong with a router's surroundings, and what to do about it."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from autorouter.wire.finding import Finding, Verdict, exit_code, summary

PATH = click.Path(path_type=Path)
MARKS = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.WRONG: ("✗", "red"),
    Verdict.SKIPPED: ("-", "bright_black"),
    Verdict.BROKEN: ("?", "magenta"),
}


@click.command()
@click.option(
    "--regions",
    type=PATH,
    default="regions.yaml",
    envvar="AUTOROUTER_REGIONS",
    help="As for serve.",
    show_default=True,
)
@click.option("--host", default="127.0.0.1", envvar="AUTOROUTER_HOST", help="Address that a router serves or would.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, envvar="AUTOROUTER_PORT", help="Its port.")
@click.option("--redis", "redis_url", envvar="REDIS_URL", show_envvar=True, help="Where routers share what they see.")
@click.option("--geoip", type=PATH, envvar="AUTOROUTER_GEOIP", help="A City database.  [default: the embedded one]")
@click.option("--geoip-asn", type=PATH, envvar="AUTOROUTER_GEOIP_ASN", help="An ASN database.  [default: as above]")
@click.option("--state", type=PATH, envvar="AUTOROUTER_STATE", help="Folder of what outlives a router without Redis.")
@click.option("--admin", envvar="AUTOROUTER_ADMIN", help="Where operators are listened to, as for serve.")
@click.option("--admin-keys", type=PATH, expose_value=False, help="As for serve; not looked at.")
@click.option("--open", is_flag=True, expose_value=False, help="As for serve; changes nothing here.")
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
def doctor(*, as_json: bool, **given: Path | str | int | None) -> None:
    """Say what is wrong, and what to do about it, with all that a router needs. Changes nothing.

    Give it the options and the environment of `serve`, AUTOROUTER_KEY included; a router may run meanwhile or not.
    Takes 5 seconds at most. Exit code: 0 if nothing is wrong (warnings are not), 1 if something is, 2 if something
    could not be looked at.
    """
    from autorouter.doctor.case import Options, opened  # noqa: PLC0415 - so that --help stays quick
    from autorouter.doctor.checks import CHECKS  # noqa: PLC0415 - same
    from autorouter.doctor.running import examine  # noqa: PLC0415 - same

    case = opened(Options(**given, secret=os.environ.get("AUTOROUTER_KEY", "")))  # type: ignore[arg-type] # click's
    waiting = dict.fromkeys(CHECKS)
    _progress(waiting)

    def ended(name: str) -> None:
        waiting.pop(name)
        _progress(waiting)

    findings = asyncio.run(examine(CHECKS, case, ended))
    if as_json:
        click.echo(_json(findings))
    else:
        click.echo("\n".join(map(screen_line, findings)))
        click.echo(f"\n{summary(findings)}")
    sys.exit(exit_code(findings))


def screen_line(finding: Finding) -> str:
    """One finding, and below it what to do."""
    mark, colour = MARKS[finding.verdict]
    told = finding.told.replace("\n", f"\n{'':17}")
    line = f"{click.style(mark, fg=colour)} {finding.check:<14} {told}"
    return f"{line}\n{'':17}{click.style('fix:', bold=True)} {finding.fix}" if finding.fix else line


def _json(findings: Sequence[Finding]) -> str:
    return json.dumps(
        {"exit_code": exit_code(findings), "findings": [asdict(each) for each in findings]},
        indent=2,
        ensure_ascii=False,
    )


def _progress(waiting: Iterable[str]) -> None:
    """What is still waited for, on a line that the answer takes the place of; for people only."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{'looking at ' if waiting else ''}{', '.join(waiting)}"[:78], nl=False, err=True)
