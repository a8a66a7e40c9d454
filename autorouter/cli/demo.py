"""``autorouter demo``: all of it on this machine, to be tried."""

import click

from autorouter.cli.failing import fail


@click.command()
@click.option(
    "--port",
    envvar="DEMO_PORT",
    show_envvar=True,
    default="8080",
    show_default=True,
    help="The router's; the three nodes take the next three.",
)
def demo(port: str) -> None:
    """Run a router, three nodes with a real Triton and real models, and Valkey, until Ctrl-C.

    Needs 1500 MB of free memory, and the extras node, triton and demo. The first time, models of 340 MB are fetched.
    Exit code: 2 if it cannot start, or could not go on.
    """
    from autorouter.demo.machine import DemoError  # noqa: PLC0415 - so that --help stays quick
    from autorouter.demo.running import main  # noqa: PLC0415 - same

    try:
        main(port)
    except DemoError as exc:
        fail(f"demo: {exc}")
