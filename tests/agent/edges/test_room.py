"""How much audio the node holds, and that no key has all of it."""

import asyncio

import pytest

from node_agent.api.hearing.ears import EARS
from node_agent.audio.decoder import Unheard
from node_agent.audio.room import Room
from node_agent.core.errors import Refused
from tests.agent.edges.hearing import TRANSCRIPTIONS, form, hearing
from tests.agent.keys import KEY, OTHER, bearer, entry, keys_file


def test_a_key_may_hold_as_much_as_it_leaves_free():
    room = Room(1000)
    with room.share("a") as first, room.share("a") as second, room.share("b") as third, room.share("c") as fourth:
        first.grow(300)
        second.grow(200)
        with pytest.raises(Refused):
            second.grow(1)
        third.grow(250)
        with pytest.raises(Refused):
            third.grow(1)
        fourth.grow(125)
        second.shrink(200)
        third.grow(25)
        assert room.taken == 700
    assert (room.taken, dict(room.held)) == (0, {})


async def test_a_key_waits_for_a_decoder_behind_one_that_has_none(tmp_path, monkeypatch):
    file = keys_file(tmp_path, entry(), entry(OTHER, "other"))
    async with hearing(ring=file) as node:
        ears, told, free = node.agent.application[EARS], [], asyncio.Event()

        async def decode(body, share):
            told.append(share._caller)
            await free.wait()
            raise Unheard("unreadable_audio", "no matter")

        async def queued(number):
            async with asyncio.timeout(5):
                while ears.gate.load.queued < number:
                    await asyncio.sleep(0.01)

        async def ask(key):
            answer = await node.client.post(TRANSCRIPTIONS, data=form(), headers=bearer(key))
            await answer.read()

        monkeypatch.setattr(ears.decoder, "decode", decode)
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(ask(KEY))
            await queued(2)
            group.create_task(ask(OTHER))
            await queued(3)
            free.set()
        assert told == ["acme", "acme", "other", "acme", "acme"]
