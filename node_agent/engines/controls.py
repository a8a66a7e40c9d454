"""Control tokens that people write: mere text. One that was taken for itself would end a turn, or begin another's.

Laid beside the programs that render templates themselves, too: it imports nothing of the agent.
"""

import re
from collections.abc import Iterable

NOTHING = r"(?!)"
"""A pattern that nothing matches."""

INVISIBLE = "\u200b"
"""A space of no width."""


def pattern_of(tokens: Iterable[str]) -> re.Pattern[str]:
    """Finds any of *tokens*, the longest first."""
    return re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or NOTHING)


def defused(text: str, controls: re.Pattern[str]) -> str:
    r"""*text* without any of *controls*: each gets something invisible after its first letter.

    >>> defused("a<s>b", pattern_of(["<s>"]))
    'a<\u200bs>b'
    """
    return controls.sub(lambda found: f"{found[0][0]}{INVISIBLE}{found[0][1:]}", text)
