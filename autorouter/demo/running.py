"""Running the demo, from its first line to its last."""

import contextlib
import shutil
import signal
import tempfile
import time
from pathlib import Path

import click

from autorouter.demo.machine import DemoError, base_port, check_machine
from autorouter.demo.parts import Demo
from autorouter.demo.starting import start_all
from autorouter.demo.told import lines_to_try


def main(port: str) -> None:
    """Run the demo until Ctrl-C or a signal. Raises `DemoError` if it cannot go on."""
    base = base_port(port)
    check_machine(base)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="autorouter-demo-"))
    try:
        run(Demo(base, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(demo: Demo) -> None:
    """Start everything, and end it when told to."""
    try:
        start_all(demo)
        click.echo(lines_to_try(demo))
        watch(demo)
    except KeyboardInterrupt:
        click.echo("\nStopping …")
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            demo.stop()
    click.echo("Stopped.")


def watch(demo: Demo) -> None:
    """Tell of parts that end until everything is told to."""
    while any(not part.gone for part in demo.parts):
        for part in demo.ended():
            click.echo(f"  {part.name} ended ({_how(part.process.returncode)})")
        time.sleep(0.2)
    raise DemoError("nothing is left running")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
