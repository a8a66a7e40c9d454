"""Where a long recording is cut: at its quietest moments, so that hardly a word is.

Models are given a minute at a time. An hour in one piece would be copied six times on its way, hold a slot for all of
its length, and take 115 MB of the memory that Triton shares with its models.
"""

import numpy as np
import numpy.typing as npt

from node_agent.core.hearing import RATE

PIECE_S = 60
"""Seconds at most of one piece: 1.9 MB, two of Whisper's windows, ten seconds' work for a busy core."""

REACH_S = 20
"""Seconds before the end of a piece within which its quietest moment is looked for."""

HOP = RATE // 50
"""Samples whose loudness is one figure: 20 ms."""

SMOOTH = 15
"""Figures in a row that are taken together: 0.3 s, a pause between two phrases."""


class Cutter:
    """Told a recording block by block, says where to cut it."""

    def __init__(self) -> None:
        self._loudness: list[npt.NDArray[np.float32]] = []
        self._rest = np.zeros(0, np.int16)

    def add(self, block: npt.NDArray[np.int16]) -> None:
        """Take in what comes next."""
        joined = np.concatenate((self._rest, block))
        whole = len(joined) // HOP * HOP
        self._loudness.append(np.abs(joined[:whole].astype(np.float32)).reshape(-1, HOP).mean(axis=1))
        self._rest = joined[whole:]

    def cuts(self) -> list[int]:
        """The samples before which a piece ends, in order; the last piece ends with the recording."""
        found, start, piece, reach = list[int](), 0, PIECE_S * RATE // HOP, REACH_S * RATE // HOP
        loudness = np.concatenate((*self._loudness, np.zeros(0, np.float32)))
        if len(loudness) > piece:
            loudness = np.convolve(loudness, np.ones(SMOOTH), mode="same")
        while len(loudness) - start > piece:
            first = start + piece - reach
            start = first + int(np.argmin(loudness[first : start + piece]))
            found.append(start * HOP)
        return found
