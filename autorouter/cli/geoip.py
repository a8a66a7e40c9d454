"""``autorouter geoip``: makes the databases that say where clients are."""

from pathlib import Path

import click

from autorouter.cli.failing import fail

SOURCE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def geoip() -> None:
    """The databases that say where clients are."""


@geoip.command()
@click.option("--city", type=SOURCE, multiple=True, help="A City database (.mmdb), one per IP version.")
@click.option("--asn", type=SOURCE, multiple=True, help="A list of autonomous systems (.csv), one per IP version.")
@click.option("--into", type=FOLDER, help="Where to write; the package itself unless said.")
def build(city: tuple[Path, ...], asn: tuple[Path, ...], into: Path | None) -> None:
    """Make the embedded databases anew: from the files given, or from the releases that they were made from."""
    if bool(city) is not bool(asn):
        fail("--city and --asn go together")
    from maxminddb import InvalidDatabaseError  # noqa: PLC0415 - so that --help and check stay quick

    from autorouter.location.databases import DATA  # noqa: PLC0415 - same
    from autorouter.location.derive.fetch import FetchError, fetch  # noqa: PLC0415 - same
    from autorouter.location.derive.make import Sources, make  # noqa: PLC0415 - same

    try:
        for line in make(Sources(city, asn) if city else fetch(), into or DATA):
            click.echo(line)
    except (FetchError, InvalidDatabaseError, OSError, ValueError) as exc:
        fail(f"nothing was built: {exc}")
