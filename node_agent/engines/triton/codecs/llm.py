"""The kind ``llm``: a prompt in, pieces of text out."""

from node_agent.core.chat import Finish, Message, Piece, Prompt, Role, Sampling
from node_agent.core.models import ModelSpec
from node_agent.engines.triton.codecs.payload import Fields, Payload, read, usage, written


def encode(prompt: Prompt) -> Payload:
    """``messages``, ``sampling``, ``stop``, ``max_tokens``."""
    sampling = {name: value for name in Sampling.__slots__ if (value := getattr(prompt.sampling, name)) is not None}
    return written(
        {
            "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
            "sampling": sampling,
            "stop": prompt.stop,
            "max_tokens": prompt.max_tokens,
        }
    )


def decode(payload: Payload) -> Piece:
    """``text``, ``finish``, ``usage``."""
    fields = read(payload)
    text = str(fields["text"])
    text.encode()  # half of a surrogate pair is JSON and cannot be sent on
    return Piece(text, _finish(fields), usage(fields))


def _finish(fields: Fields) -> Finish | None:
    return Finish(fields["finish"]) if fields["finish"] is not None else None


def canary(model: ModelSpec) -> Prompt:
    """One token."""
    return Prompt(model.name, (Message(Role.USER, "Hi"),), max_tokens=1)
