"""An engine without a model: it says the last message again, word by word.

Deterministic, and held to the same contract suite as Triton, so that the edges can be tested against it in
milliseconds. A token is a word with the space before it.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType

from node_agent.core.chat import Finish, Piece, Prompt, Usage
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState, Standing, Tally


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

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The words of the last message, up to a stop text or the limit."""
        asked = sum(len(_words(message.text)) for message in prompt.messages)
        context = self._models[prompt.model].context
        if asked > context:
            raise EngineError(Fault.TOO_LONG, f"the prompt has {asked} tokens, the context holds {context}")
        self.generating += 1
        try:
            words = _until(prompt.stop, prompt.messages[-1].text)
            limit = min(context - asked or 1, prompt.max_tokens or context)
            for word in words[:limit]:
                await asyncio.sleep(self.pace)
                yield Piece(word)
            cut = len(words) > limit
            yield Piece("", Finish.LENGTH if cut else Finish.STOP, Usage(asked, min(limit, len(words))))
        finally:
            self.generating -= 1


def _words(text: str) -> list[str]:
    """Words with the space before them; joined they are the text again."""
    return re.findall(r"\s*\S+|\s+$", text)


def _until(stops: tuple[str, ...], text: str) -> list[str]:
    """The words before the first stop text."""
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return _words(text[: min(ends)] if ends else text)
