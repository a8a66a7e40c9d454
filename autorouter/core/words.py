"""Words for people: what was found, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(found: str, choices: Iterable[str]) -> str:
    """A suggestion to append to a message, or nothing.

    >>> meant("lattitude", ["latitude", "longitude"]), meant("x", ["latitude"])
    ("; did you mean 'latitude'?", '')
    """
    close = get_close_matches(found[:128], list(choices), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(found: object) -> str:
    r"""*found*, short enough for a line and with nothing in it that a terminal would obey.

    >>> shown("a\x1b"), shown([1, 2]), shown(None), shown(False)
    ("'a\\x1b'", 'a list of 2', 'nothing', 'false')
    """
    match found:
        case dict():
            return "a mapping"
        case list():
            return f"a list of {len(found)}"
        case None:
            return "nothing"
        case bool():
            return str(found).lower()
        case str():
            return ascii(found if len(found) <= 64 else f"{found[:61]}...")
        case _:
            return repr(found)[:64]


def span(seconds: float) -> str:
    """How long, in the largest unit of which there are two.

    >>> span(0.2), span(90), span(150), span(9000), span(400_000)
    ('0 s', '90 s', '2 min', '2 h', '4 days')
    """
    units = ((86_400, "days"), (3600, "h"), (60, "min"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= 2 * size), (1, "s"))
    return f"{int(seconds // size)} {unit}"
