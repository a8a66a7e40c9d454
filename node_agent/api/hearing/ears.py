"""What both endpoints share beside the edge: the decoder and who may have it, the room that sound takes, the jobs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import SystemRandom

from aiohttp import web

from node_agent.api.edge import EDGE
from node_agent.api.hearing.jobs import Jobs
from node_agent.audio.decoder import Decoder
from node_agent.audio.room import Room
from node_agent.core.admission import Limits
from node_agent.core.units import Seconds
from node_agent.runtime.gate import Gate

DECODING = Limits(slots=2, queue=64, patience=Seconds(20.0))
"""Recordings that are decoded at once, and those that wait for it; it is a hundredth of the work of hearing."""


@dataclass(frozen=True, slots=True)
class Ears:
    """One set for an application."""

    jobs: Jobs
    gate: Gate
    """In front of the decoder."""
    decoder: Decoder = field(default_factory=Decoder)
    room: Room = field(default_factory=Room)


EARS = web.AppKey("ears", Ears)


def attach(application: web.Application) -> None:
    """Give *application* ears, for as long as it runs."""
    clock = application[EDGE].clock
    application[EARS] = Ears(Jobs(clock.unix), Gate(DECODING, clock, SystemRandom().random))
    application.cleanup_ctx.append(_running)


async def _running(application: web.Application) -> AsyncIterator[None]:
    ears = application[EARS]
    async with asyncio.TaskGroup() as group:
        jobs = group.create_task(ears.jobs.run())
        try:
            yield
        finally:
            jobs.cancel()
            await ears.decoder.close()
