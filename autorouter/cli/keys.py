"""``autorouter keys``: makes keys for clients. What nodes make of them: `autorouter.wire.access`."""

import re
from pathlib import Path

import click

from autorouter.cli.failing import fail

SOURCE = click.Path(path_type=Path, exists=True, dir_okay=False)
SCOPE = click.Choice(["inference", "operator", "admin"])


@click.group()
def keys() -> None:
    """Keys of clients, which nodes check by themselves.

    \b
    Opaque keys are simplest: `mint` one, and add its line to the keys file of each node:
      autorouter keys mint acme --into keys.yaml
    Tokens need no line on any node, so they suit many clients and short lives:
      autorouter keys new sign.pem
      autorouter keys public sign.pem > jwks.json      AUTOROUTER_JWKS of each node
      autorouter keys mint acme --sign sign.pem --expires 30d
    """  # noqa: D301 - click reads the backspace as "keep these lines"


@keys.command()
@click.argument("path", metavar="PRIVATE", type=click.Path(path_type=Path))
def new(path: Path) -> None:
    """Make a private key to sign tokens with, in the new file PRIVATE. Keep it off the nodes."""
    from autorouter.minting import MintError, new_private_key  # noqa: PLC0415 - so that --help and check stay quick

    try:
        new_private_key(path)
    except MintError as exc:
        fail(str(exc))
    click.echo(f"{path}: made; 'autorouter keys public {path}' prints what nodes need", err=True)


@keys.command()
@click.argument("paths", metavar="PRIVATE...", type=SOURCE, nargs=-1, required=True)
@click.option("--issuer", help="Tokens of this issuer alone count; unless said, of any.")
def public(paths: tuple[Path, ...], issuer: str | None) -> None:
    """Print the JWKS of the public halves of private keys: what AUTOROUTER_JWKS of a node names, as path or URL.

    To change keys name the old one and the new one, sign with the new one once every node has looked (5 minutes), and
    leave the old one out when its last token has expired.
    """
    from autorouter.minting import MintError, key_set, private_key  # noqa: PLC0415 - so that --help stays quick

    try:
        click.echo(key_set([private_key(path) for path in paths], issuer))
    except MintError as exc:
        fail(str(exc))


@keys.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", type=SCOPE, multiple=True, help="What it is for; repeatable.  [default: inference]"
)
@click.option("--model", "models", multiple=True, help="Model that it may ask for; repeatable.  [default: all]")
@click.option("--region", "regions", multiple=True, help="Region that it counts in; repeatable.  [default: all]")
@click.option("--rate", type=float, help="Requests a minute, on each node.  [default: no limit]")
@click.option("--budget", type=float, help="US dollars, on each node.  [default: no limit]")
@click.option("--per", type=click.Choice(["month", "total"]), help="Time that the budget is for.  [default: month]")
@click.option(
    "--expires", metavar="WHEN", help="2027-01-31 or 2027-01-31T12:00:00Z, in UTC; or from now: 30d, 12h, 15m."
)
@click.option(
    "--into", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keys file to add its line to."
)
@click.option("--sign", type=SOURCE, metavar="PRIVATE", help="Make a token, signed with this key.")
@click.option("--issuer", default="autorouter", show_default=True, help="Who signs, as the token says.")
def mint(
    name: str, expires: str | None, into: Path | None, sign: Path | None, issuer: str, **allowed: object
) -> None:
    """Make a key for the client NAME, and print it: this once, for nothing here remembers it.

    The key goes to stdout. The line for the nodes' keys file, with its hash alone, goes into the file that --into
    names, which is made if it is not there; else to stderr. Accounts call the key NAME. With --sign the key is a
    token, needs no line, and must expire.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - so that --help stays quick

    from autorouter.config import ConfigError  # noqa: PLC0415 - same
    from autorouter.config.keyfile import add  # noqa: PLC0415 - same
    from autorouter.minting import MintError, entry_of, opaque_key, private_key, token  # noqa: PLC0415 - same

    said = {"name": name, **{word: value for word, value in allowed.items() if value is not None and value != ()}}
    until = None if expires is None else _moment(expires)
    if sign is not None and until is None:
        fail("--sign needs --expires: a token without an end could hardly be taken back")
    if sign is not None and into is not None:
        fail("--sign makes a token, which needs no line in a keys file: leave --into out")
    try:
        if sign is not None and until is not None:
            click.echo(token(private_key(sign), issuer, until, said))
            return
        key = opaque_key()
        entry = entry_of(key, until, said)
        if into is not None:
            add(into, entry)
    except (MintError, ConfigError) as exc:
        fail(str(exc))
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        fail(f"{'.'.join(map(str, error['loc']))}: {error['msg']}, found {error['input']!r:.80}")
    click.echo(key)
    if into is not None:
        click.echo(f"{into}: has its line; send SIGHUP to what reads the file", err=True)
        return
    click.echo(f"# Add this line to 'keys:' in the keys file of each node, and send it SIGHUP:\n{entry}", err=True)


def _moment(text: str) -> int:
    """Unix seconds of what ``--expires`` says."""
    from autorouter.runtime.clock import unix_now  # noqa: PLC0415 - so that --help stays quick
    from autorouter.wire.access import moment  # noqa: PLC0415 - same

    units, now = {"d": 86_400, "h": 3600, "m": 60}, int(unix_now())
    try:
        until = now + int(text[:-1]) * units[text[-1]] if re.fullmatch("[0-9]{1,5}[dhm]", text) else moment(text)
    except (ValueError, OverflowError):
        fail(f"--expires: expected 2027-01-31, 2027-01-31T12:00:00Z or 30d, found {text!r:.40}")
    if until <= now:
        fail(f"--expires: {text} is over: such a key would never count")
    return until
