"""What a file is, by its own first bytes: names and content types are the sender's, and are not believed.

FFmpeg would guess too, but knows formats that are lists of other files and addresses to open.
"""

MPEG_SYNC = 0xE0
"""Of the second byte of an MPEG audio frame: its upper three bits are set, as is all of the first byte."""

ADTS = 0xF6
"""The same byte of AAC's frames, and those of its bits that tell it from MPEG's."""

MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (4, b"ftyp", "mp4"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b"#!AMR", "amr"),
)


def format_of(body: bytes) -> str | None:
    """FFmpeg's name of the format, None if it is none that the node takes.

    >>> format_of(b"RIFF....WAVEfmt "), format_of(b"#EXTM3U")
    ('wav', None)
    """
    if body[:4] in {b"RIFF", b"RF64"} and body[8:12] == b"WAVE":
        return "wav"
    for place, magic, name in MAGIC:
        if body[place : place + len(magic)] == magic:
            return name
    return _frames(body[_tag(body) :])


def _tag(body: bytes) -> int:
    """How long the ID3 tag before the sound is; each byte of its size has seven bits."""
    if body[:3] != b"ID3" or len(body) < 10:
        return 0
    size = 0
    for byte in body[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frames(body: bytes) -> str | None:
    if body[:4] == b"fLaC":
        return "flac"
    if len(body) < 2 or body[0] != 0xFF or body[1] & MPEG_SYNC != MPEG_SYNC:
        return None
    return "aac" if body[1] & ADTS == 0xF0 else "mp3"


UNTOLD = 0x7FFF_0000
"""Sizes from here on mean "until the end": a WAV that was written as a stream does not know its own."""


def missing_of(wav: bytes) -> int:
    """How many bytes of samples *wav* promises and does not have."""
    place = 12
    while place + 8 <= len(wav):
        name, size = wav[place : place + 4], int.from_bytes(wav[place + 4 : place + 8], "little")
        if name == b"data":
            return max(0, size - (len(wav) - place - 8)) if size < UNTOLD else 0
        place += 8 + size + size % 2
    return 0
