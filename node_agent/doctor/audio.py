"""Whether sound can be decoded: a tenth of a second of it, by the program that decodes what clients send."""

import struct
from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, skipped, wrong
from node_agent.audio.decoder import Decoder, Unheard
from node_agent.audio.room import Room
from node_agent.core.hearing import RATE
from node_agent.core.models import Kind
from node_agent.doctor.case import Case

NAME = "audio"
FIX = 'pip install --force-reinstall "autorouter[node]"    # then: python -m node_agent.audio.program </dev/null'
SAMPLES = RATE // 10


async def check(case: Case) -> Sequence[Finding]:
    """Decode it."""
    if not any(model.kind is Kind.STT for model in case.models):
        return [skipped(NAME, "no model here hears")]
    decoder = Decoder()
    try:
        with Room().share("doctor") as share:
            audio = await decoder.decode(memoryview(sound()), share)
            return [verdict(sum(map(len, audio.blocks)) // 2)]
    except (Unheard, OSError) as exc:
        return [wrong(NAME, f"the decoder cannot decode a sound: {exc!s:.160}", FIX)]
    finally:
        await decoder.close()


def sound() -> bytes:
    """A WAV file of `SAMPLES` samples."""
    samples = struct.pack(f"<{SAMPLES}h", *(1000 * (-1) ** (at // 20) for at in range(SAMPLES)))
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def verdict(samples: int) -> Finding:
    """What to say of so many decoded *samples*."""
    if samples != SAMPLES:
        return wrong(NAME, f"the decoder made {samples} samples of {SAMPLES}", FIX)
    return ok(NAME, f"the decoder runs: {SAMPLES} samples of WAV came back whole")
