"""Finds the field ``model`` in a form while it arrives, keeping next to nothing of it.

What is not as it should be ends the search, quietly: the node that gets the form says what is wrong with it.
"""

import re
from enum import Enum, auto

MOST_PARTS = 16
LONGEST_HEAD = 8 << 10
"""Bytes of a part's headers."""
LONGEST_MODEL = 256

PARAMETER = re.compile(rb'\s*;\s*([0-9A-Za-z*_-]{1,64})=(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))')
DISPOSITION = re.compile(rb"^content-disposition:\s*form-data(.*)$", re.IGNORECASE | re.MULTILINE)


class _In(Enum):
    SOMETHING = auto()
    HEAD = auto()
    MODEL = auto()


class FormScan:
    """One form, whose parts are told apart by *boundary*."""

    def __init__(self, boundary: bytes) -> None:
        self.model: str | None = None
        self.over = not boundary
        """Nothing more is to be found."""
        self._delimiter = b"\r\n--" + boundary
        self._held = b"\r\n"  # so that the first delimiter looks like every other
        self._in = _In.SOMETHING
        self._parts = 0

    def feed(self, chunk: bytes) -> None:
        """Look at what came next."""
        if self.over:
            return
        self._held += chunk
        steps = {_In.SOMETHING: self._skip, _In.HEAD: self._head, _In.MODEL: self._text}
        while steps[self._in]():
            pass

    def _skip(self) -> bool:
        """Go on after the next delimiter; False if it has not come yet."""
        before, found, after = self._held.partition(self._delimiter)
        self._held = after if found else before[1 - len(self._delimiter) :]
        self._in = _In.HEAD if found else _In.SOMETHING
        return bool(found)

    def _head(self) -> bool:
        head, found, after = self._held.partition(b"\r\n\r\n")
        self.over = self._held.startswith(b"--") or len(head) > LONGEST_HEAD or self._parts == MOST_PARTS
        if self.over or not found:
            return False
        self._parts += 1
        self._held, self._in = after, _In.MODEL if _name(head) == b"model" else _In.SOMETHING
        return True

    def _text(self) -> bool:
        text, found, _ = self._held.partition(self._delimiter)
        self.over = bool(found) or len(text) > LONGEST_MODEL + len(self._delimiter)
        if found and len(text) <= LONGEST_MODEL:
            self.model = text.decode("utf-8", "replace")
        return False


def _name(head: bytes) -> bytes | None:
    """What a part is called. One parameter after the other: a file's name may hold what looks like one."""
    told, place = DISPOSITION.search(head.replace(b"\r\n", b"\n")), 0
    if told is None:
        return None
    while found := PARAMETER.match(told[1], place):
        if found[1].lower() == b"name":
            return found[2] or found[3]
        place = found.end()
    return None
