"""The command line of the router. Each command is a sentence; each failure one too, with an exit code.

One file per command, imported when it is called: `--help` must be there at once.
Exit codes: 0 done; 1 what was looked at is not as it should be; 2 what was asked cannot be (a broken file, a
forbidden address, a port taken).
"""

import os
import sys
from importlib import import_module

import click

COMMANDS = {
    "demo": ("demo", "All of it on this machine, to be tried."),
    "serve": ("serve", "Route clients."),
    "route": ("route", "Where a client that asks from here is sent."),
    "explain": ("explain", "Why it is sent there, and why not to the nearest."),
    "regions": ("regions", "Every region: what is not well, what room there is."),
    "models": ("models", "Every model: where it can be had, what room there is."),
    "netcheck": ("netcheck", "The way from this machine to every region."),
    "check": ("check", "Say whether a regions.yaml is well-formed."),
    "doctor": ("doctor", "Say what is wrong around a router, and what to do about it."),
    "geoip": ("geoip", "The databases that say where clients are."),
    "drain": ("hold", "Give a region or a node no new clients."),
    "undrain": ("hold", "Take your drain back."),
    "quarantine": ("hold", "Drain, and believe nothing that it says."),
    "resume": ("hold", "Take all your holds back."),
    "holds": ("hold", "What is held, by whom, and why."),
    "keys": ("keys", "Keys of clients, which nodes check by themselves."),
}
"""Command → the file beside this one that has it, under the same name, and what the list of commands says of it."""


class _Late(click.Group):
    """Knows its commands by name; imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - same
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `| head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is flushed at the end goes there
            raise SystemExit(0) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - same
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.command(cls=_Late, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autorouter")
def main() -> None:
    """Send each client to the region that will start answering it first."""
