"""An engine without a model: it says the last message again, word by word, hums, counts, and measures texts.

Deterministic, and held to the same contract suite as Triton, so that the edges can be tested against it in
milliseconds. A token is a word with the space before it.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from math import ceil
from types import MappingProxyType
from typing import TypeVar, cast

from node_agent.core.chat import Finish, Piece, Prompt
from node_agent.core.detection import Detection, Span, Spans
from node_agent.core.embedding import Texts, Vectors
from node_agent.core.errors import EngineError, Fault
from node_agent.core.hearing import RATE as IN
from node_agent.core.hearing import Heard, Recording, Segment, Word
from node_agent.core.models import ModelName, ModelSpec, ModelState, Standing, Tally
from node_agent.core.speech import RATE as OUT
from node_agent.core.speech import Sound, Speech
from node_agent.core.task import Step, Task, Usage
from node_agent.core.units import Seconds

S = TypeVar("S", bound=Step)


class EchoEngine:
    """Answers for *models*; *pace* seconds pass between two words."""

    def __init__(self, models: tuple[ModelSpec, ...], pace: float = 0.0) -> None:
        self._models = {model.name: model for model in models}
        self._standings = dict.fromkeys(self._models, Standing(ModelState.LOADING, "the engine is starting"))
        self.pace = pace
        self.generating = 0
        """Answers under way."""

    async def run(self) -> None:
        """Ready at once, until cancelled."""
        try:
            for name in self._standings:
                self._standings[name] = Standing(ModelState.READY)
            await asyncio.Event().wait()
        finally:
            for name in self._standings:
                self._standings[name] = Standing(ModelState.FAILED, "the engine is gone")

    def standings(self) -> Mapping[ModelName, Standing]:
        """From memory."""
        return MappingProxyType(self._standings)

    def doubt(self, model: ModelName, error: EngineError) -> None:
        """There is nothing to doubt."""

    def tally(self) -> Tally:
        """It needs no help."""
        return Tally()

    async def generate(self, task: Task[S]) -> AsyncGenerator[S, None]:
        """What its kind does with *task*."""
        self.generating += 1
        try:
            async with aclosing(self._steps(task)) as steps:
                async for step in steps:
                    yield cast(S, step)  # each kind's steps are those of its tasks
        finally:
            self.generating -= 1

    def _steps(self, task: Task[S]) -> AsyncGenerator[Step, None]:
        match task:
            case Prompt():
                return self._repeat(task)
            case Speech():
                return self._hum(task)
            case Recording():
                return self._count(task)
            case Detection():
                return self._notice(task)
            case Texts():
                return self._place(task)
            case _:
                raise EngineError(Fault.REFUSED, "an echo does not do this")

    async def _repeat(self, prompt: Prompt) -> AsyncGenerator[Step, None]:
        """The words of the last message, up to a stop text or the limit."""
        asked = sum(len(_words(message.text)) for message in prompt.messages)
        context = self._models[prompt.model].context
        if asked > context:
            raise EngineError(Fault.TOO_LONG, f"the prompt has {asked} tokens, the context holds {context}")
        words = _until(prompt.stop, prompt.messages[-1].text)
        limit = min(context - asked or 1, prompt.max_tokens or context)
        for word in words[:limit]:
            await asyncio.sleep(self.pace)
            yield Piece(word)
        cut = len(words) > limit
        yield Piece("", Finish.LENGTH if cut else Finish.STOP, Usage(asked, min(limit, len(words))))

    async def _hum(self, speech: Speech) -> AsyncGenerator[Step, None]:
        """A tenth of a second for every word."""
        words = _words(speech.text)
        for number, _ in enumerate(words):
            await asyncio.sleep(self.pace)
            yield Sound((number + 1).to_bytes(2, "little") * (OUT // 10))
        yield Sound(b"", Usage(characters=len(speech.text), spoken=Seconds(len(words) / 10)))

    async def _count(self, recording: Recording) -> AsyncGenerator[Step, None]:
        """The number of every second that has begun."""
        option = self._models[recording.model].options
        if recording.translate and option.get("translates") != "true":
            raise EngineError(Fault.REFUSED, "it does not translate")
        if recording.language not in {None, *option.get("languages", "").split(",")} or not recording.pcm:
            raise EngineError(Fault.REFUSED, "it does not hear this")
        for second in range(ceil(recording.length)):
            await asyncio.sleep(self.pace)
            start, end = Seconds(second), Seconds(min(second + 1.0, recording.length))
            words = (Word(str(second + 1), start, end),) if recording.words else ()
            yield Heard(Segment(f" {second + 1}", start, end, words=words), recording.language or "en")
        yield Heard(None, recording.language or "en", Usage(heard=recording.length))

    async def _notice(self, detection: Detection) -> AsyncGenerator[Step, None]:
        """Somebody speaks in every second that has a sample that is not 0."""
        await asyncio.sleep(self.pace)
        seconds = [detection.pcm[start : start + 2 * IN] for start in range(0, len(detection.pcm), 2 * IN)]
        loud = [Seconds(number) for number, second in enumerate(seconds) if any(second)]
        spans = tuple(Span(start, Seconds(min(start + 1.0, detection.length))) for start in loud)
        yield Spans(spans, Usage(heard=detection.length))

    async def _place(self, texts: Texts) -> AsyncGenerator[Step, None]:
        """By how long they are."""
        await asyncio.sleep(self.pace)
        vectors = tuple((float(len(text)), 1.0) for text in texts.texts)
        yield Vectors(vectors, Usage(prompt=sum(len(_words(text)) for text in texts.texts)))


def _words(text: str) -> list[str]:
    """Words with the space before them; joined they are the text again."""
    return re.findall(r"\s*\S+|\s+$", text)


def _until(stops: tuple[str, ...], text: str) -> list[str]:
    """The words before the first stop text."""
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return _words(text[: min(ends)] if ends else text)
