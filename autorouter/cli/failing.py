"""How a command ends that cannot do what was asked: a sentence on stderr, and an exit code."""

from typing import NoReturn

import click


def fail(message: str, code: int = 2) -> NoReturn:
    """End the program with *code*."""
    click.echo(message, err=True)
    raise SystemExit(code)
