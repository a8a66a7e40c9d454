"""The kind ``embedding``: texts in, their vectors out."""

from node_agent.core.embedding import Texts, Vectors
from node_agent.core.models import ModelSpec
from node_agent.engines.triton.codecs.payload import Payload, read, usage, written


def encode(texts: Texts) -> Payload:
    """``texts``."""
    return written({"texts": texts.texts})


def decode(payload: Payload) -> Vectors:
    """``vectors``, ``usage``."""
    fields = read(payload)
    return Vectors(tuple(tuple(float(x) for x in vector) for vector in fields["vectors"]), usage(fields))


def canary(model: ModelSpec) -> Texts:
    """One word."""
    return Texts(model.name, texts=("a",))
