"""How the findings are shown: lines for people, JSON for programs."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import click

from autorouter.wire.finding import Finding, Verdict, exit_code, summary
from node_agent.doctor.case import opened
from node_agent.doctor.checks import CHECKS
from node_agent.doctor.running import examine

MARKS = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.WRONG: ("✗", "red"),
    Verdict.SKIPPED: ("-", "bright_black"),
    Verdict.BROKEN: ("?", "magenta"),
}


def show(given: Mapping[str, object], *, as_json: bool) -> int:
    """Look, tell, and say with which code to end."""
    waiting = dict.fromkeys(CHECKS)
    _progress(waiting)

    def ended(name: str) -> None:
        waiting.pop(name)
        _progress(waiting)

    findings = asyncio.run(examine(CHECKS, opened(given, os.environ), ended))
    click.echo(_json(findings) if as_json else "\n".join([*map(_line, findings), "", summary(findings)]))
    return exit_code(findings)


def _line(finding: Finding) -> str:
    mark, colour = MARKS[finding.verdict]
    line = f"{click.style(mark, fg=colour)} {finding.check:<14} {finding.told}"
    return f"{line}\n{'':17}{click.style('fix:', bold=True)} {finding.fix}" if finding.fix else line


def _json(findings: Sequence[Finding]) -> str:
    told = {"exit_code": exit_code(findings), "findings": [asdict(each) for each in findings]}
    return json.dumps(told, indent=2, ensure_ascii=False)


def _progress(waiting: Iterable[str]) -> None:
    """What is still waited for, on a line that the answer takes the place of; for people only."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{'looking at ' if waiting else ''}{', '.join(waiting)}"[:78], nl=False, err=True)
