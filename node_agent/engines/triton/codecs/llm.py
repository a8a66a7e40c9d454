"""The kind ``llm``: a prompt in, pieces of text out."""

from typing import assert_never

from node_agent.core.chat import Beginning, Finish, Manner, Message, Piece, Prompt, Role, Sampling
from node_agent.core.models import ModelSpec
from node_agent.engines.triton.codecs.payload import Fields, Payload, read, usage, written


def encode(task: Prompt | Beginning) -> Payload:
    """``messages`` and ``schema``, or ``text``; ``sampling``, ``stop``, ``max_tokens``."""
    match task:
        case Prompt():
            messages = [{"role": message.role, "content": message.text} for message in task.messages]
            return written({"messages": messages, "schema": task.schema, **_manner(task.manner)})
        case Beginning():
            return written({"text": task.text, **_manner(task.manner)})
        case _:
            assert_never(task)


def _manner(manner: Manner) -> dict[str, object]:
    sampling = {name: value for name in Sampling.__slots__ if (value := getattr(manner.sampling, name)) is not None}
    return {"sampling": sampling, "stop": manner.stop, "max_tokens": manner.max_tokens}


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
    return Prompt(model.name, (Message(Role.USER, "Hi"),), Manner(max_tokens=1))
