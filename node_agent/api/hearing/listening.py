"""A recording heard from its beginning to its end, however long it is: piece by piece, each a task of its own.

So the slot is free for others in between, and nothing that is copied on the way to the model is large.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from node_agent.api.edge import Edge
from node_agent.api.timing import told
from node_agent.audio.decoder import Audio
from node_agent.core.claim import Claim
from node_agent.core.errors import Reason, Refused
from node_agent.core.hearing import Heard, Recording, Segment, Word
from node_agent.core.task import NONE, Usage
from node_agent.core.units import Instant, Seconds
from node_agent.runtime.answer import Answer

LATER_S = Seconds(120.0)
"""How long a later piece may be refused: what was heard so far would be lost."""

PASSING = (Reason.FULL, Reason.LATE, Reason.STARTING)
"""Refusals that pass by themselves."""

CONTEXT = 400
"""Letters of the piece before that the model is reminded of."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: *patience* is how long the first piece may be refused before its client is told."""

    edge: Edge
    claim: Claim
    patience: Seconds = NONE
    answers: list[Answer[Heard]] = field(default_factory=list)
    """Of the pieces so far; the first tells how long its client waited."""

    def told(self) -> Mapping[str, str]:
        """Headers of the answer, as far as it has come."""
        return told(self.answers[0]) if self.answers else {}

    async def hear(self, task: Recording, audio: Audio) -> AsyncGenerator[Heard, None]:
        """What is heard in *audio*, as *task* asks; the last step has the usage of all.

        A node that drains waits for all of it, and not for the piece that it finds under way.
        """
        with self.edge.service.visit():
            async with aclosing(self._pieces(task, audio)) as steps:
                async for step in steps:
                    yield step

    async def _pieces(self, task: Recording, audio: Audio) -> AsyncGenerator[Heard, None]:
        text, length, patience = "", 0.0, self.patience
        for pcm in audio.pieces():
            reminder = f"{task.prompt} {text[-CONTEXT:]}".strip()
            piece = replace(task, pcm=pcm, prompt=reminder)
            async with aclosing(self._piece(piece, patience)) as steps:
                async for step in steps:
                    text += step.segment.text if step.segment else ""
                    task = replace(task, language=task.language or step.language or None)
                    if step.segment is not None:
                        yield replace(step, segment=shifted(step.segment, Seconds(length)), usage=None)
            length += piece.length
            patience = LATER_S
        yield Heard(None, task.language or "", Usage(heard=Seconds(length)))

    async def _piece(self, piece: Recording, patience: Seconds) -> AsyncGenerator[Heard, None]:
        until = self.edge.clock.now() + patience
        for tries in itertools.count():
            visiting = bool(tries or self.answers)
            try:
                async with self.edge.service.answer(piece, self._claim(), visiting=visiting) as steps:
                    self.answers.append(steps)
                    async for step in steps:
                        yield step
            except Refused as exc:
                if not self._passes(exc, Instant(until)):
                    raise
                await asyncio.sleep(exc.refusal.retry_after)
            else:
                return

    def _claim(self) -> Claim:
        """Its client's deadline is for the first piece: after it the answer has started."""
        return replace(self.claim, patience=None) if self.answers else self.claim

    def _passes(self, refused: Refused, until: Instant) -> bool:
        refusal = refused.refusal
        return refusal.reason in PASSING and self.edge.clock.now() + refusal.retry_after < until


def shifted(segment: Segment, by: Seconds) -> Segment:
    """*segment* of a piece that began *by* seconds after the recording."""
    words = tuple(Word(word.text, Seconds(word.start + by), Seconds(word.end + by)) for word in segment.words)
    start, end = Seconds(segment.start + by), Seconds(segment.end + by)
    return replace(segment, start=start, end=end, words=words, seek=segment.seek + round(100 * by))
