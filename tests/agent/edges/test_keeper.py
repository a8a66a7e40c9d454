"""What is done about a model that fails, on a Triton that fails as it is told to."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelState
from node_agent.engines.board import Board
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton import bringing, curing, moving
from node_agent.engines.triton.engine import TritonEngine
from node_agent.engines.triton.keeper import Keeper
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached
from tests.agent.fake_triton import FakeTriton, answer, listening, text

MODELS = choose(read_catalogue(), read_options({"region": "yto-01"}))
NAME = MODELS[0].name
WELL = answer(text(b'{"text":"","finish":"length","usage":{}}'))
OTHER = answer(text(b"{}"), name="other")


class OwnChild:
    """A child that lives, and has no model processes of its own."""

    pid = 0
    exited = False


@asynccontextmanager
async def keeping(triton, child=None):
    async with listening(triton):
        link, board = Link(triton.address), Board((NAME,))
        tenants = Tenants(MODELS, frozenset(), None)
        tenants.wake, tenants.goes = board.wake, board.goes
        keeper = Keeper(link, Reached(triton.address, child), MODELS, board, tenants)
        yield keeper, board
        await link.close()


async def until(claim):
    async with asyncio.timeout(10):
        while not claim():
            await asyncio.sleep(0.01)


async def ended(keeper):
    """What *keeper* gives up with."""
    async with asyncio.timeout(10):
        with pytest.raises(EngineError) as caught:
            await keeper.keep()
    return caught.value


def is_ready(board):
    """Of a board, or an engine."""
    return board.standings()[NAME].state is ModelState.READY


async def test_a_model_that_goes_silent_twice_is_loaded_again_though_its_canary_passes():
    async with keeping(FakeTriton(WELL), OwnChild()) as (keeper, board), asyncio.TaskGroup() as group:
        task = group.create_task(keeper.keep())
        await until(lambda: is_ready(board))
        board.doubt(NAME, Fault.SILENT)
        await until(lambda: not board._doubted)
        assert board.reloads == 0
        await until(lambda: is_ready(board))
        board.doubt(NAME, Fault.SILENT)
        await until(lambda: board.reloads == 1)
        await until(lambda: is_ready(board))
        task.cancel()


async def test_an_own_model_that_is_silent_even_when_loaded_again_ends_its_triton_at_once(monkeypatch):
    monkeypatch.setattr(bringing, "PROOF_S", 0.1)
    triton = FakeTriton(WELL)
    async with keeping(triton, OwnChild()) as (keeper, board), asyncio.TaskGroup() as group:
        task = group.create_task(ended(keeper))
        await until(lambda: is_ready(board))
        triton.answers.clear()
        board.doubt(NAME, Fault.SILENT)
        assert "is silent although it was loaded again" in str(await task)
        assert triton.asked.count("unload") == 1


async def test_a_strangers_model_is_loaded_and_never_unloaded(monkeypatch):
    monkeypatch.setattr(bringing, "PROOF_S", 0.1)
    triton = FakeTriton(OTHER)
    async with keeping(triton) as (keeper, _):
        assert "cannot be loaded" in str(await ended(keeper))
        assert triton.asked.count("load") == 1 + curing.ATTEMPTS
        assert "unload" not in triton.asked


async def test_a_strangers_model_that_is_silent_is_loaded_as_often_as_one_that_is_broken(monkeypatch):
    monkeypatch.setattr(bringing, "PROOF_S", 0.1)
    monkeypatch.setattr(moving, "CANARY_S", 0.1)
    triton = FakeTriton()
    async with keeping(triton) as (keeper, _):
        assert "cannot be loaded" in str(await ended(keeper))
        assert triton.asked.count("load") == 1 + curing.ATTEMPTS


async def test_a_silence_before_a_reload_is_not_held_against_the_model_after_it():
    triton, reloads = FakeTriton(WELL), []
    async with keeping(triton, OwnChild()) as (keeper, board), asyncio.TaskGroup() as group:
        task = group.create_task(keeper.keep())
        await until(lambda: is_ready(board))
        for canaries in (2, 3, 4, 5):
            board.doubt(NAME, Fault.SILENT)
            await until(lambda canaries=canaries: triton.asked.count("infer") == canaries)
            await until(lambda: keeper._tenants[NAME].settled)
            reloads.append(board.reloads)
        task.cancel()
    assert reloads == [0, 1, 1, 2]


async def test_an_engine_whose_models_never_answer_is_tried_less_and_less_often():
    triton = FakeTriton(OTHER)
    async with listening(triton):

        class Source:
            owned = False

            @asynccontextmanager
            async def open(self):
                yield Reached(triton.address, None)

        engine = TritonEngine(MODELS, Source(), Tenants(MODELS, frozenset(), None), allow_unpatched=True)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(engine.run())
            await until(lambda: engine._failures == 2)
            task.cancel()


async def test_an_engine_that_dies_again_and_again_is_started_later_and_later_and_says_so():
    triton, said = FakeTriton(WELL), []
    async with listening(triton):

        class Mortal(OwnChild):
            @property
            def exited(self):
                return is_ready(engine)

            def last_words(self):
                return "out of memory"

        class Source:
            owned = True

            @asynccontextmanager
            async def open(self):
                yield Reached(triton.address, Mortal())

        engine = TritonEngine(MODELS, Source(), Tenants(MODELS, frozenset(), None), allow_unpatched=True)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(engine.run())
            while len(said) < 3:
                await engine.changed()
                reason = engine.standings()[NAME].reason
                said += [reason] if reason.startswith("the engine was lost") else []
            assert engine.forecast(NAME) > 0.8 + 1.0
            task.cancel()
    assert said == [
        "the engine was lost and is started again in 0.2 s",
        "the engine was lost 2 times in a row and is started again in 0.4 s",
        "the engine was lost 3 times in a row and is started again in 0.8 s",
    ]
