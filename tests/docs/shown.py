"""Whether what a command printed is what a page shows of it."""

import re

NUMBER = r"\d+(?:\.\d+)?"
TOKEN = re.compile(rf"(?P<any>…)|(?P<blank>\s+)|(?P<number>(?<![A-Za-z][-_])(?<![A-Za-z0-9_]){NUMBER})|.")
"""A number stands by itself or before a unit: those of ``yto-01`` and ``kokoro-82m`` are parts of names."""

MATCHES = {"any": r"(?s:.*?)", "blank": r"\s*", "number": NUMBER}


def pattern_of(shown):
    """What matches *shown*: ``…`` is anything, a number any number, and lines may be broken otherwise."""
    found = TOKEN.finditer(shown.strip())
    return re.compile("".join(MATCHES.get(each.lastgroup, re.escape(each[0])) for each in found))


def fits(shown, printed):
    """Whether *printed* is what *shown* promises. Who shows nothing promises nothing."""
    return not shown.strip() or pattern_of(shown).fullmatch(printed.strip()) is not None
