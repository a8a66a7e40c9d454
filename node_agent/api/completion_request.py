"""The body of a completion request: OpenAI's oldest, with what PolarGrid's own client adds."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from node_agent.api.shapes import Strict, Tokens, Writing, arm, nothing_asked, without
from node_agent.core.chat import Beginning
from node_agent.core.models import ModelName

HARMLESS: Mapping[str, tuple[object, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "logit_bias": ({},),
    "logprobs": (),
    "n": (1,),
    "suffix": ("",),
}
"""Parameter → values that ask for nothing; null always does."""

BY_DEFAULT = 16
"""Tokens, where no limit is given: OpenAI's own default."""

Text = Annotated[str, StringConstraints(min_length=1)]
Texts = Annotated[
    Annotated[Text, Tag("(text)")] | Annotated[list[Text], Field(min_length=1, max_length=1), Tag("(list)")],
    Discriminator(arm),
]


class CompletionRequest(Writing):
    """``POST /v1/completions``."""

    model_config = ConfigDict(**Strict, json_schema_extra=nothing_asked(HARMLESS))

    prompt: Texts
    max_tokens: Tokens | None = BY_DEFAULT

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        return without(HARMLESS, body)

    def beginning(self) -> Beginning:
        """As the core knows it."""
        text = self.prompt if isinstance(self.prompt, str) else self.prompt[0]
        return Beginning(ModelName(self.model), text, self.manner())
