"""What every engine must do, asked of the real Triton and of the echo: the fake is held to what the real one does.

A Triton is started once for all of it; there is no way to skip it.
"""

import asyncio
import os
from contextlib import aclosing, asynccontextmanager

import pytest
import pytest_asyncio

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.chat import Finish, Manner, Message, Prompt, Role, Sampling
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelState
from node_agent.engines import ENGINES, Setting
from node_agent.engines.artefacts import store_at
from node_agent.runtime.ports import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = ModelName("smollm2-135m-instruct")
READY_S = 60.0


@asynccontextmanager
async def running(kind):
    options = read_options({"region": "yto-01", "engine": kind})
    setting = Setting(choose(read_catalogue(), options), store_at(dict(os.environ)), None, allow_unpatched=True)
    engine: Engine = ENGINES[kind](setting)
    before = {name: standing.state for name, standing in engine.standings().items()}
    task = asyncio.ensure_future(engine.run())
    try:
        async with asyncio.timeout(READY_S):
            while engine.standings()[NAME].state is not ModelState.READY:
                assert not task.done(), task
                await asyncio.sleep(0.02)
        yield engine, before
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert engine.standings()[NAME].state is not ModelState.READY


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(ENGINES))
async def started(request):
    async with running(request.param) as both:
        yield both


@pytest.fixture
def engine(started):
    return started[0]


def ask(text="Say: one two three four five six.", **more):
    return Prompt(NAME, (Message(Role.USER, text),), Manner(Sampling(temperature=0), **more))


async def pieces_of(engine, prompt):
    async with aclosing(engine.generate(prompt)) as pieces:
        return [piece async for piece in pieces]


def text_of(pieces):
    return "".join(piece.text for piece in pieces)


async def test_no_model_is_ready_before_the_engine_runs(started):
    assert started[1] == {NAME: ModelState.LOADING}


async def test_the_last_piece_and_only_the_last_has_finish_and_usage(engine):
    *earlier, last = await pieces_of(engine, ask())
    assert all((piece.finish, piece.usage) == (None, None) for piece in earlier)
    assert any(piece.text for piece in earlier)
    assert last.finish is Finish.STOP
    assert last.usage.prompt > 0
    assert last.usage.answer > 0


async def test_the_same_prompt_has_the_same_answer(engine):
    first, second = [text_of(await pieces_of(engine, ask())) for _ in range(2)]
    assert first == second


async def test_an_answer_is_cut_at_the_limit_and_says_so(engine):
    pieces = await pieces_of(engine, ask(max_tokens=2))
    assert pieces[-1].finish is Finish.LENGTH
    assert pieces[-1].usage.answer == 2


async def test_an_answer_ends_before_a_stop_text(engine):
    whole = text_of(await pieces_of(engine, ask()))
    middle = whole[len(whole) // 2 : len(whole) // 2 + 4]
    stopped = await pieces_of(engine, ask(stop=("never said", middle)))
    assert text_of(stopped) == whole[: whole.index(middle)]
    assert stopped[-1].finish is Finish.STOP


async def test_a_prompt_beyond_the_context_is_the_callers_to_mend(engine):
    with pytest.raises(EngineError) as caught:
        await pieces_of(engine, ask("word " * 5000))
    assert caught.value.fault is Fault.TOO_LONG
    assert caught.value.fault.is_callers
    assert "/" not in caught.value.detail, "no paths of this machine"


async def test_several_answers_at_once_do_not_mix(engine):
    prompts = [ask(text, max_tokens=5) for text in ("Say: red.", "Say: blue.")]
    alone = [await pieces_of(engine, prompt) for prompt in prompts]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(pieces_of(engine, prompt)) for prompt in prompts]
    together = [task.result() for task in tasks]
    assert [text_of(pieces) for pieces in together] == [text_of(pieces) for pieces in alone]


async def test_a_generator_that_is_closed_early_stops_the_model(engine):
    for _ in range(6):  # more than there are slots: one that went on would hold up the next
        async with asyncio.timeout(5.0), aclosing(engine.generate(ask("Count to a thousand."))) as pieces:
            async for piece in pieces:
                if piece.text:
                    break


async def test_a_task_that_is_cancelled_stops_the_model(engine):
    task = asyncio.ensure_future(pieces_of(engine, ask("Count to a thousand.")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (await pieces_of(engine, ask(max_tokens=1)))[-1].finish is Finish.LENGTH


async def test_a_doubt_about_a_model_that_is_well_changes_nothing(engine):
    engine.doubt(NAME, EngineError(Fault.BROKEN, "it was not"))
    assert (await pieces_of(engine, ask(max_tokens=1)))[-1].finish is Finish.LENGTH
    assert engine.standings()[NAME].state is ModelState.READY
    assert engine.tally().reloads == 0


async def test_letters_of_several_bytes_come_whole(engine):
    pieces = await pieces_of(engine, ask("Repeat: 日本語 café 🎉🎉 naïve", max_tokens=24))
    text = text_of(pieces)
    assert not text.isascii(), "the model said nothing that could be split"
    assert "\ufffd" not in text
