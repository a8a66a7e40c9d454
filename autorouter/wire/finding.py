"""What `doctor` says of one thing that it looked at, on the router's side and on the node's. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands with what was looked at."""

    OK = "ok"
    WARNING = "warning"
    """It works, and will not always."""
    WRONG = "wrong"
    """Clients notice, or would."""
    SKIPPED = "skipped"
    """There was nothing to look at."""
    BROKEN = "broken"
    """The check itself failed: nobody knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and why."""

    check: str
    """Which check found it."""
    verdict: Verdict
    told: str
    """A sentence, with figures."""
    fix: str = ""
    """What to do about it: a command to paste, or what to write where. Empty if there is nothing to do."""


def ok(check: str, told: str) -> Finding:
    """All well."""
    return Finding(check, Verdict.OK, told)


def warning(check: str, told: str, fix: str) -> Finding:
    """Something to see to."""
    return Finding(check, Verdict.WARNING, told, fix)


def wrong(check: str, told: str, fix: str) -> Finding:
    """Something to mend."""
    return Finding(check, Verdict.WRONG, told, fix)


def skipped(check: str, told: str) -> Finding:
    """Nothing to look at."""
    return Finding(check, Verdict.SKIPPED, told)


def exit_code(findings: Iterable[Finding]) -> int:
    """1 if something is wrong, else 2 if something could not be looked at, else 0: warnings are no failure.

    >>> exit_code([Finding("a", Verdict.OK, ""), Finding("b", Verdict.WARNING, "")])
    0
    >>> exit_code([Finding("a", Verdict.WRONG, ""), Finding("b", Verdict.BROKEN, "")])
    1
    """
    verdicts = {finding.verdict for finding in findings}
    return 1 if Verdict.WRONG in verdicts else 2 if Verdict.BROKEN in verdicts else 0


def summary(findings: Iterable[Finding]) -> str:
    """How many there are of each verdict, the worst first.

    >>> summary([Finding("a", Verdict.OK, ""), Finding("b", Verdict.OK, ""), Finding("c", Verdict.WRONG, "")])
    '1 wrong, 2 ok'
    """
    verdicts = [finding.verdict for finding in findings]
    order = (Verdict.WRONG, Verdict.BROKEN, Verdict.WARNING, Verdict.OK, Verdict.SKIPPED)
    return ", ".join(f"{verdicts.count(each)} {each}" for each in order if each in verdicts)
