"""``autorouter check``: whether a regions.yaml is well-formed, and what in it is likely not meant."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from autorouter.cli.failing import fail
from autorouter.cli.screen import inert, print_json


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default="regions.yaml")
@click.option("--json", "as_json", is_flag=True, help="What was found, for programs.")
def check(path: Path, *, as_json: bool) -> None:
    """Say whether a regions.yaml is well-formed, and what in it is likely not meant.

    Exit code: 0 if it is, warnings or not; 2 if `serve` would refuse it, with each fault.
    """
    from autorouter.config import ConfigError, load  # noqa: PLC0415 - so that --help stays quick
    from autorouter.config.doubts import doubts  # noqa: PLC0415 - same

    try:
        catalog = load(path)
    except ConfigError as exc:
        if as_json:
            _print(path, [0, 0], exc.faults, ())
            raise SystemExit(2) from exc
        fail(str(exc))
    warnings, counted = tuple(doubts(catalog)), [len(catalog.regions), len(catalog.nodes)]
    if as_json:
        _print(path, counted, (), warnings)
        return
    click.echo(f"{path.name}: {counted[0]} regions, {counted[1]} nodes, all well-formed")
    for each in warnings:
        click.echo(f"warning: {inert(each)}")


def _print(path: Path, counted: Sequence[int], faults: Sequence[str], warnings: Sequence[str]) -> None:
    told = {"path": str(path), "well_formed": not faults, "regions": counted[0], "nodes": counted[1]}
    print_json(json.dumps({**told, "faults": list(faults), "warnings": list(warnings)}).encode())
