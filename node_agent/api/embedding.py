"""``POST /v1/embeddings``."""

import struct
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from node_agent.api.claims import claim_of
from node_agent.api.edge import EDGE
from node_agent.api.models import asked_for
from node_agent.api.problems import Failed
from node_agent.api.reading import read
from node_agent.api.shapes import WHOLE, Model, Strict, User, arm
from node_agent.api.timing import told
from node_agent.core.embedding import Texts, Vector
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import Kind, ModelSpec
from node_agent.core.task import Usage

MOST_TEXTS = 2048
"""As at OpenAI."""

Text = Annotated[str, StringConstraints(min_length=1)]


class EmbeddingRequest(BaseModel):
    """The body: OpenAI's."""

    model_config = Strict

    model: Model
    input: Annotated[
        Annotated[Text, Tag("(text)")]
        | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS, fail_fast=True), Tag("(list)")],
        Discriminator(arm),
    ]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1), WHOLE] | None = None
    user: User | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_tokens(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        first = found[0] if isinstance(found := body.get("input"), list) and found else None
        if isinstance(first, (int, list)):
            words = "'{param}' as tokens is not supported by this node, only as text"
            raise PydanticCustomError("unsupported", words, {"param": "input"})
        return body

    def texts(self, model: ModelSpec) -> Texts:
        """As the core knows it. Raises `Failed` for another size than *model* has."""
        there = model.options.get("dimensions")
        if self.dimensions is not None and str(self.dimensions) != there:
            detail = f"'dimensions': the vectors of model {model.name} have {there or 'a size of their own'}"
            raise Failed("unsupported_parameter", detail, "dimensions")
        return Texts(model.name, (self.input,) if isinstance(self.input, str) else tuple(self.input))


async def embed(request: web.Request) -> web.Response:
    """Place texts. What comes is written at once: two thousand vectors in one go would hold up everybody else."""
    edge = request.app[EDGE]
    asked = await read(request, EmbeddingRequest)
    texts = asked.texts(asked_for(request, asked.model, Kind.EMBEDDING))
    write = _base64 if asked.encoding_format == "base64" else _floats
    written: list[str] = []
    usage = Usage()
    try:
        async with edge.service.answer(texts, claim_of(request)) as steps:
            async for step in steps:
                written += map(write, step.vectors)
                usage = step.usage or usage
            headers = told(steps)
    except EngineError as exc:
        raise _named(exc) from exc
    if len(written) != len(texts.texts):
        raise EngineError(Fault.BROKEN, "the model did not place every text")
    return web.Response(text=_body(texts, written, usage), content_type="application/json", headers=headers)


def _named(error: EngineError) -> Exception:
    """With the parameter that is at fault, if one is."""
    too_long = error.fault is Fault.TOO_LONG
    return Failed("context_length_exceeded", error.detail, "input") if too_long else error


def _floats(vector: Vector) -> str:
    """Nine digits are what a float of 32 bits has."""
    return "[" + ",".join(f"{x:.9g}" for x in vector) + "]"


def _base64(vector: Vector) -> str:
    """Floats of 32 bits, little endian."""
    return '"' + b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() + '"'


def _body(texts: Texts, written: list[str], usage: Usage) -> str:
    """JSON out of its parts; names are safe in it as they are."""
    data = ",".join(
        f'{{"object":"embedding","index":{number},"embedding":{vector}}}' for number, vector in enumerate(written)
    )
    tokens = f'{{"prompt_tokens":{usage.prompt},"total_tokens":{usage.prompt}}}'
    return f'{{"object":"list","data":[{data}],"model":"{texts.model}","usage":{tokens}}}'
