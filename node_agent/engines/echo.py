"""An engine without a model: it says the last message again, word by word, hums, counts, and measures texts.

Deterministic, and held to the same contract suite as Triton, so that the edges can be tested against it in
milliseconds. A token is a word with the space before it.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from math import ceil
from typing import TypeVar, cast

from node_agent.core.chat import Beginning, Finish, Piece, Prompt
from node_agent.core.detection import Detection, Span, Spans
from node_agent.core.embedding import Texts, Vectors
from node_agent.core.errors import EngineError, Fault
from node_agent.core.hearing import RATE as IN
from node_agent.core.hearing import Heard, Recording, Segment, Word
from node_agent.core.models import Footprint, ModelName, ModelSpec, ModelState, Standing, Tally
from node_agent.core.speech import RATE as OUT
from node_agent.core.speech import Sound, Speech
from node_agent.core.task import Step, Task, Usage
from node_agent.core.units import Seconds
from node_agent.engines.board import Board
from node_agent.engines.tenants import Tenants

LOOK_S = 0.05
"""Between two looks at who wants in: room may come by nothing but time."""

S = TypeVar("S", bound=Step)


class EchoEngine:
    """Answers for *models*; *pace* seconds pass between two words, and *load* until a model is loaded."""

    def __init__(
        self, models: tuple[ModelSpec, ...], pace: float = 0.0, load: float = 0.0, tenants: Tenants | None = None
    ) -> None:
        self._models = {model.name: model for model in models}
        self._board = Board(tuple(self._models))
        self._tenants = tenants or Tenants(models, frozenset(), None)
        self._tenants.wake, self._tenants.goes = self._board.wake, self._board.goes
        self.pace = pace
        self.load = load
        self.generating = 0
        """Answers under way."""

    async def run(self) -> None:
        """Load what is wanted, until cancelled."""
        self._tenants.restart()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    for name, leave in self._tenants.admit():
                        self._board.post(name, ModelState.LOADING, on_demand=not self._tenants[name].due)
                        group.create_task(self._arrive(name, leave))
                    await self._let_go(self._tenants.leavers())
                    for name, obstacle in self._tenants.outside():
                        self._board.post(name, ModelState.COLD, obstacle)
                    await self._board.doubts(LOOK_S)
        finally:
            self._board.post_all(ModelState.FAILED, "the engine is gone")

    async def _arrive(self, name: ModelName, leave: Sequence[ModelName]) -> None:
        await self._let_go(leave)
        self._tenants.begin(name)
        await asyncio.sleep(self.load)
        self._tenants.came(name)
        self._board.post(name, ModelState.READY)

    async def _let_go(self, names: Sequence[ModelName]) -> None:
        for name in names:
            await asyncio.sleep(0)
            self._tenants.left(name)
            self._board.post(name, ModelState.COLD)

    def standings(self) -> Mapping[ModelName, Standing]:
        """From memory."""
        return self._board.standings()

    def doubt(self, model: ModelName, error: EngineError) -> None:
        """There is nothing to doubt."""

    def tally(self) -> Tally:
        """It needs no help."""
        return Tally()

    def hold(self, model: ModelName) -> AbstractContextManager[None]:
        """As the register does."""
        return self._tenants.hold(model)

    async def changed(self) -> None:
        """As the board says."""
        await self._board.changed()

    def forecast(self, model: ModelName) -> Seconds | None:
        """As the register knows."""
        return self._tenants.forecast(model, self.standings()[model])

    def dismiss(self, model: ModelName) -> str:
        """It goes at the next look."""
        return self._tenants.dismiss(model)

    def footprints(self) -> Sequence[Footprint]:
        """An echo takes nothing."""
        return ()

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
            case Prompt() | Beginning():
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

    async def _repeat(self, task: Prompt | Beginning) -> AsyncGenerator[Step, None]:
        """The words of the last message, up to a stop text or the limit."""
        said = [message.text for message in task.messages] if isinstance(task, Prompt) else [task.text]
        asked = sum(len(_words(text)) for text in said)
        context = self._models[task.model].context
        if asked > context:
            raise EngineError(Fault.TOO_LONG, f"the prompt has {asked} tokens, the context holds {context}")
        words = _until(task.manner.stop, said[-1])
        limit = min(context - asked or 1, task.manner.max_tokens or context)
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
