# ruff: noqa: INP001 - lives beside model.py, where Triton dictates the path
"""From English text to the phonemes that Kokoro was taught, by espeak-ng and two tables."""

import ctypes
import re
import threading

import espeakng_loader

SYNCHRONOUS = 2
UTF8 = 1
IPA_WITH_TIES = 0x82 | ord("^") << 8
"""IPA, and ``^`` within sounds of two letters: "d^ʒ"."""

SPOKEN = (
    (re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]"), " "),  # a NUL would end the text
    (re.compile(r"\s*\n\s*\n\s*"), ". "),
    (re.compile(r"\$(\d[\d,]*(?:\.\d+)?)"), r"\1 dollars"),
    (re.compile(r"£(\d[\d,]*(?:\.\d+)?)"), r"\1 pounds"),
    (re.compile(r"€(\d[\d,]*(?:\.\d+)?)"), r"\1 euros"),
    (re.compile(r"\b(Mr|Mrs|Ms|Dr|St|vs|etc)\.(?=\s+\S)"), r"\1"),
)
"""What espeak-ng reads wrongly, or a dot would be taken for an end."""

WIDE = str.maketrans("。！？，、；：«»“”", '.!?,,;:""""')

PAUSES = re.compile(r"""([;:,.!?…]+["')\]]*(?:\s+|$)|\s*—\s*)""")
"""Marks that are heard; inside a number they are not."""

SWITCH = re.compile(r"\([a-z^-]+\)")
"""espeak-ng's note that the next word is read in another language."""

COMMON = (
    ("ʔˌn̩", "tn"), ("ʔn̩", "tn"), ("ʔn", "tn"), ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"),
    ("ə^l", "ᵊl"), ("e^ɪ", "A"), ("ʲo", "jo"), ("ʲə", "jə"), ("ʔ", "t"), ("ʲ", ""), ("ɚɹ", "əɹ"), ("ɚ", "əɹ"),
    ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("̃", ""),
)  # fmt: skip
AMERICAN = (("o^ʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""))
BRITISH = (("e^ə", "ɛː"), ("iə", "ɪə"), ("ə^ʊ", "Q"), ("o^ʊ", "Q"))
"""espeak-ng's letters → those of misaki, which the model was trained with; the first that fits goes first."""


class Phonemizer:
    """espeak-ng as a library. It has one voice at a time and is not safe with threads: hence the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._read = self._library.espeak_TextToPhonemes
        self._read.restype = ctypes.c_char_p
        self._read.argtypes = (ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int)
        if self._library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0) < 0:
            raise RuntimeError("espeak-ng cannot read its data")

    def phonemes(self, text: str, *, british: bool) -> str:
        """What *text* sounds like, with the marks that are heard as pauses."""
        spoken = text.translate(WIDE)
        for pattern, words in SPOKEN:
            spoken = pattern.sub(words, spoken)
        pieces = PAUSES.split(spoken)
        with self._lock:
            self._library.espeak_SetVoiceByName(b"en" if british else b"en-us")
            return "".join(
                piece.strip()[:1] + " " if number % 2 else self._sounds(piece, BRITISH if british else AMERICAN)
                for number, piece in enumerate(pieces)
            ).strip(" ,;:—…")

    def _sounds(self, piece: str, accent: tuple[tuple[str, str], ...]) -> str:
        """Clause by clause: that is how espeak-ng hands them out."""
        if not any(letter.isalnum() or ord(letter) > 0x2000 for letter in piece):
            return ""
        rest, clauses = ctypes.c_char_p(piece.encode("utf-8", "ignore")), []
        while rest.value is not None:
            clauses.append((self._read(ctypes.byref(rest), UTF8, IPA_WITH_TIES) or b"").decode("utf-8", "ignore"))
        sounds = SWITCH.sub("", " ".join(clauses))
        for heard, meant in (*COMMON, *accent):
            sounds = sounds.replace(heard, meant)
        return re.sub(r"(\S)̩", r"ᵊ\1", sounds).replace("̩", "").replace("^", "").strip()
