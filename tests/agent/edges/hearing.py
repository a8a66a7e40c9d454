"""A node that hears: the echo counts the seconds of what it is sent."""

import io
from contextlib import asynccontextmanager

from aiohttp import FormData

from tests.agent.scenes import MODEL, serving
from tests.agent.sounds import wav

TINY, BASE = "whisper-tiny.en", "whisper-base"
TRANSCRIPTIONS, TRANSLATIONS = "/v1/audio/transcriptions", "/v1/audio/translations"


@asynccontextmanager
async def hearing(pace=0.0, **more):
    async with serving(pace, models=(MODEL, TINY, BASE), **more) as node:
        yield node


def form(file=None, *more, model=BASE, **fields):
    """A form as clients send one; *more* are fields that may repeat."""
    data = FormData()
    named = {} if model is None else {"model": model}
    for name, value in [*{**named, **fields}.items(), *more]:
        data.add_field(name, value, filename="field" if isinstance(value, bytes) else None)
    content = io.BytesIO(wav() if file is None else file)
    data.add_field("file", content, filename="a.bin", content_type="application/octet-stream")
    return data


async def post(node, file=None, *more, path=TRANSCRIPTIONS, **fields):
    return await node.client.post(path, data=form(file, *more, **fields))


async def refusal(answer):
    """Status, code and parameter of a problem."""
    problem = await answer.json()
    return answer.status, problem["code"], problem["error"]["param"]
