"""What every engine must do with recordings, asked of the real Triton and of the echo."""

import asyncio
import os
from contextlib import aclosing, asynccontextmanager

import pytest
import pytest_asyncio

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.detection import Detection
from node_agent.core.errors import EngineError, Fault
from node_agent.core.hearing import RATE, Recording
from node_agent.core.models import ModelName, ModelState
from node_agent.engines import ENGINES, Setting
from node_agent.engines.artefacts import store_at
from tests.agent.sounds import samples_of, spoken, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, VAD = ModelName("whisper-tiny.en"), ModelName("silero-vad")
READY_S = 60.0


@asynccontextmanager
async def running(kind):
    options = read_options({"region": "yto-01", "engine": kind, "models": (NAME, VAD)})
    setting = Setting(choose(read_catalogue(), options), store_at(dict(os.environ)), None, allow_unpatched=True)
    engine = ENGINES[kind](setting)
    task = asyncio.ensure_future(engine.run())
    try:
        async with asyncio.timeout(READY_S):
            while {standing.state for standing in engine.standings().values()} != {ModelState.READY}:
                assert not task.done(), task
                await asyncio.sleep(0.02)
        yield engine
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(ENGINES))
async def engine(request):
    async with running(request.param) as engine:
        yield engine


def recording(seconds=2.0, **more):
    return Recording(NAME, tone(seconds).tobytes(), **more)


async def steps_of(engine, task):
    async with aclosing(engine.generate(task)) as steps:
        return [step async for step in steps]


async def test_the_last_step_and_only_it_has_the_usage_and_no_segment(engine):
    *earlier, last = await steps_of(engine, recording(2.5))
    assert all(step.usage is None for step in earlier)
    assert (last.segment, last.usage.heard) == (None, 2.5)
    assert last.language == "en"


async def test_the_same_recording_is_heard_alike(engine):
    task = Recording(NAME, samples_of(spoken("Toronto is a city in Canada.")), language="en")
    first, second = [await steps_of(engine, task) for _ in range(2)]
    assert first == second


async def test_a_single_sample_is_a_recording(engine):
    [*_, last] = await steps_of(engine, Recording(NAME, bytes(2)))
    assert last.usage.heard == 1 / RATE


async def test_a_generator_that_is_closed_early_stops_the_model(engine):
    for _ in range(4):  # more than there are slots: one that went on would hold up the next
        async with asyncio.timeout(30.0), aclosing(engine.generate(recording(60.0))) as steps:
            async for _step in steps:
                break
    async with asyncio.timeout(30.0):
        assert (await steps_of(engine, recording(0.5)))[-1].usage is not None


async def test_what_a_model_cannot_do_is_the_callers_to_mend(engine):
    for wrong in ({"translate": True}, {"language": "fr"}):
        with pytest.raises(EngineError) as caught:
            await steps_of(engine, recording(**wrong))
        assert caught.value.fault is Fault.REFUSED
    with pytest.raises(EngineError) as caught:
        await steps_of(engine, Recording(NAME, b""))
    assert caught.value.fault is Fault.REFUSED


async def test_somebody_speaks_between_two_silences(engine):
    speech = samples_of(spoken("Toronto is a city in Canada."))
    silence = bytes(4 * RATE)
    [found] = await steps_of(engine, Detection(VAD, silence + speech + silence))
    assert found.usage.heard == pytest.approx(4 + len(speech) / 2 / RATE)
    assert found.spans
    assert found.spans[0].start == pytest.approx(2.0, abs=0.4)
    assert found.spans[-1].end == pytest.approx(found.usage.heard - 2.0, abs=1.0)


async def test_nobody_speaks_in_silence(engine):
    [found] = await steps_of(engine, Detection(VAD, bytes(6 * RATE)))
    assert found.spans == ()
    assert found.usage.heard == 3.0
