"""``autorouter regions``: every region, what is not as it should be first; or one of them in detail."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from time import sleep
from typing import NoReturn

import click

from autorouter.cli.asking import NoAnswerError, Router, asks
from autorouter.cli.screen import print_json, shows_json

EVERY = 2.0
"""Seconds from one look of ``--watch`` to the next: as often as a router looks at its nodes."""


@click.command()
@click.argument("region", required=False)
@click.option("--watch", is_flag=True, help=f"Look again every {EVERY:.0f} s, until Ctrl-C.")
@asks
@shows_json
def regions(*, router: Router, region: str | None, watch: bool, as_json: bool) -> None:
    """Show every region: what is not as it should be, what is held back, what is well and what room it has.

    With REGION, an id or alias, that one in detail. Exit code: 1 if a region that should be well is not.
    """
    if watch:
        _watch(lambda: _look(router, region, as_json=as_json))
    raise SystemExit(_look(router, region, as_json=as_json))


def _look(router: Router, name: str | None, *, as_json: bool) -> int:
    """Ask and print once; the exit code."""
    from autorouter.cli.fleet import fleet  # noqa: PLC0415 - so that --help stays quick
    from autorouter.cli.overview import find, show_all, show_one  # noqa: PLC0415 - same

    told = router.get("/v1/regions")
    there = fleet(told)
    shown = there if name is None else (find(there, name),)
    if as_json:
        all_of_them = json.loads(told.body)
        one = next((each for each in all_of_them["regions"] if each["region"] == shown[0].seen.region), None)
        print_json(told.body if name is None else json.dumps(one).encode())
    elif name is None:
        show_all(there)
    else:
        show_one(shown[0])
    return 1 if any(each.group == "ill" for each in shown) else 0


def _watch(look: Callable[[], int]) -> None:
    """Do *look* again and again until Ctrl-C; a router that does not answer may come back."""
    pressed: list[int] = []

    def end(number: int, _frame: object) -> NoReturn:
        pressed.append(number)  # whatever runs just now may lose an exception: a finalizer does
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    with suppress(KeyboardInterrupt):
        while not pressed:
            click.clear()
            try:
                look()
            except NoAnswerError as exc:
                exc.show()
            if not pressed:
                sleep(EVERY)
    raise SystemExit(0)
