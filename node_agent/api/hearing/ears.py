"""What both endpoints share beside the edge: the decoder, the room that sound takes, the jobs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from node_agent.api.edge import EDGE
from node_agent.api.hearing.jobs import Jobs
from node_agent.audio.decoder import Decoder
from node_agent.audio.room import Room


@dataclass(frozen=True, slots=True)
class Ears:
    """One set for an application."""

    jobs: Jobs
    decoder: Decoder = field(default_factory=Decoder)
    room: Room = field(default_factory=Room)


EARS = web.AppKey("ears", Ears)


def attach(application: web.Application) -> None:
    """Give *application* ears, for as long as it runs."""
    application[EARS] = Ears(Jobs(application[EDGE].clock.unix))
    application.cleanup_ctx.append(_running)


async def _running(application: web.Application) -> AsyncIterator[None]:
    ears = application[EARS]
    jobs = asyncio.ensure_future(ears.jobs.run())
    try:
        yield
    finally:
        jobs.cancel()
        await asyncio.wait([jobs])
        await ears.decoder.close()
