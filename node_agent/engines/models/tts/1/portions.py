# ruff: noqa: INP001 - lives beside model.py, where Triton dictates the path
"""How much is spoken at once: a model gives no sound before the whole of what it was given is done.

So the first portion is short, and each later one as long as it can be without the listener having to wait for it.
Counted in phonemes, not on a clock: the same text is always cut the same way, and so always sounds the same.
"""

from collections.abc import Iterator

FIRST = 25
"""Phonemes of the first portion: about 1.8 s of sound, made in about one."""

MOST = 120
"""Phonemes of any: about 8 s of sound. The model's memory grows with it: 370 MB at 120, 900 MB at 500."""

PACE = 0.75
"""What a phoneme takes to make, beside what it takes to hear: 0.65 was measured, and a busy core is slower."""

STRETCH = 1.5
"""How much longer a portion may be to end where a clause does; cut at a word, it sounds as if a sentence ended.
The first is not stretched: nobody has heard anything yet."""

ENDS = (".!?", ",;:—…")
"""Where to cut, best first."""


def portions(phonemes: str, speed: float) -> Iterator[str]:
    """*phonemes* in portions, each of them ending at a sentence, a clause or a word if it holds the end of one."""
    most = max(FIRST, int(MOST * min(1.0, speed)))
    ahead, limit, reach = 0.0, FIRST, FIRST
    while phonemes := phonemes.strip():
        place = _end(phonemes, limit, reach)
        yield phonemes[:place].strip()
        phonemes = phonemes[place:]
        ahead += place - PACE * place if ahead else place
        limit = min(most, max(FIRST, int(ahead / PACE)))
        reach = min(most, int(limit * STRETCH))


def _end(phonemes: str, limit: int, reach: int) -> int:
    if len(phonemes) <= reach:
        return len(phonemes)
    for marks in ENDS:
        place = max(phonemes.rfind(mark, 0, limit) for mark in marks)
        if place > 0:
            return place + 1
    beyond = [place for mark in "".join(ENDS) if (place := phonemes.find(mark, limit, reach)) > 0]
    return min(beyond) + 1 if beyond else phonemes.rfind(" ", 1, limit) + 1 or limit
