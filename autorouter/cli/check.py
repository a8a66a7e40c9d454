"""``autorouter check``: whether a regions.yaml is well-formed."""

from pathlib import Path

import click

from autorouter.cli.failing import fail
from autorouter.config import ConfigError, load


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default="regions.yaml")
def check(path: Path) -> None:
    """Say whether a regions.yaml is well-formed."""
    try:
        catalog = load(path)
    except ConfigError as exc:
        fail(str(exc))
    else:
        click.echo(f"{path.name}: {len(catalog.regions)} regions, {len(catalog.nodes)} nodes, all well-formed")
