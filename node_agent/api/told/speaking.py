"""What is spoken, as events; and whose voices there are."""

from typing import Literal

from typing_extensions import TypedDict


class Spoken(TypedDict):
    """What is billed."""

    type: Literal["characters"]
    characters: int
    seconds: float


class SpeechDelta(TypedDict):
    """More of the sound."""

    type: Literal["speech.audio.delta"]
    audio: str
    """Base64."""


class SpeechDone(TypedDict):
    """Its end."""

    type: Literal["speech.audio.done"]
    usage: Spoken


class Voice(TypedDict):
    """One voice of one model."""

    id: str
    object: Literal["voice"]
    model: str
    voice: str
    """What it sounds like: two names of one voice have the same."""


class VoicesAnswer(TypedDict):
    """All that there are."""

    object: Literal["list"]
    data: list[Voice]
