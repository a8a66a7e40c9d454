"""What the models of the kinds tts and embedding must do, asked of the real Triton: each codec's other half."""

import asyncio
import os
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest
import pytest_asyncio

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.embedding import Texts
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelState
from node_agent.core.speech import RATE, Speech, voices
from node_agent.engines import ENGINES, Setting
from node_agent.engines.artefacts import store_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

KOKORO, ESPEAK, MINILM = (ModelName(name) for name in ("kokoro-82m", "espeak-ng", "all-minilm-l6-v2"))
VOICE = {KOKORO: "af_heart", ESPEAK: "en-us"}
READY_S = 100.0
TWO_SENTENCES = "The nearest region is Toronto. It answers in eleven milliseconds, on average."
SILENCE = 1000
"""Amplitude that speech exceeds."""

speakers = pytest.mark.parametrize("name", [KOKORO, ESPEAK])


@asynccontextmanager
async def running():
    options = read_options({"region": "yto-01", "models": (KOKORO, ESPEAK, MINILM)})
    setting = Setting(choose(read_catalogue(), options), store_at(dict(os.environ)), None, allow_unpatched=True)
    engine = ENGINES["triton"](setting)
    task = asyncio.ensure_future(engine.run())
    try:
        async with asyncio.timeout(READY_S):
            while any(standing.state is not ModelState.READY for standing in engine.standings().values()):
                assert not task.done(), task
                await asyncio.sleep(0.02)
        yield engine
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine():
    async with running() as engine:
        yield engine


async def steps_of(engine, task):
    async with aclosing(engine.generate(task)) as steps:
        return [step async for step in steps]


async def said(engine, name, text, voice=None, speed=1.0):
    return await steps_of(engine, Speech(name, text, voice or VOICE[name], speed))


def samples(sounds):
    return np.frombuffer(b"".join(sound.pcm for sound in sounds), dtype="<i2").astype(int)


@speakers
async def test_speech_comes_in_portions_and_its_usage_last(engine, name):
    *earlier, last = await said(engine, name, TWO_SENTENCES)
    assert len(earlier) > 1
    assert all(sound.pcm and sound.usage is None for sound in earlier)
    assert last.usage.characters == len(TWO_SENTENCES)
    assert last.usage.spoken == pytest.approx(len(samples(earlier)) / RATE)
    assert 3.0 < last.usage.spoken < 8.0
    assert abs(samples(earlier)).max() > SILENCE


@speakers
async def test_the_same_text_always_sounds_as_long(engine, name):
    first, second = [await said(engine, name, TWO_SENTENCES) for _ in range(2)]
    assert [len(sound.pcm) for sound in first] == pytest.approx([len(sound.pcm) for sound in second], rel=0.01)


@speakers
async def test_speed_makes_it_shorter(engine, name):
    lengths = [
        (await said(engine, name, TWO_SENTENCES, speed=speed))[-1].usage.spoken for speed in (0.5, 1.0, 2.0, 4.0)
    ]
    assert all(slower > 1.3 * faster for slower, faster in pairwise(lengths))


@speakers
@pytest.mark.parametrize(
    "text",
    [
        "a",
        "1,234,567.89 and $12.50",
        "Dr. Smith's e-mail: a.b@c.example (50% off!)",
        "日本語 Привет नमस्ते",
        "🎉 ok",
        "9" * 60,
        "x" * 300,
        "one\0two",
        "line\n\n\nline\r\n\tend",
        "<speak>[[x]] & &amp; ]]></speak>",
    ],
    ids=lambda text: ascii(text[:16]),
)
async def test_whatever_can_be_read_is_heard(engine, name, text):
    *sounds, last = await said(engine, name, text)
    assert abs(samples(sounds)).max() > SILENCE
    assert last.usage.characters == len(text)


@pytest.mark.parametrize("text", ["...", "\u200b", "((()))"])
async def test_what_has_no_sound_is_the_callers_to_mend(engine, text):
    with pytest.raises(EngineError, match="nothing in the text") as caught:
        await said(engine, KOKORO, text)
    assert caught.value.fault is Fault.REFUSED


@speakers
async def test_a_voice_that_is_not_there_is_the_callers_to_mend(engine, name):
    with pytest.raises(EngineError, match="no voice") as caught:
        await said(engine, name, "a", voice="../af_heart")
    assert caught.value.fault is Fault.REFUSED


async def test_every_voice_in_the_catalogue_is_there(engine):
    for name in (KOKORO, ESPEAK):
        for voice in set(voices(read_catalogue()[name]).values()):
            assert samples(await said(engine, name, "a", voice)).size, voice


@speakers
async def test_speech_that_nobody_wants_any_more_frees_the_model(engine, name):
    for _ in range(6):  # more than there are slots: one that went on would hold up the next
        async with (
            asyncio.timeout(10.0),
            aclosing(engine.generate(Speech(name, TWO_SENTENCES * 40, VOICE[name]))) as sounds,
        ):
            async for _sound in sounds:
                break
    assert (await said(engine, name, "a"))[-1].usage


async def test_likeness_is_nearness_and_as_the_authors_of_the_model_publish_it(engine):
    texts = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    steps = await steps_of(engine, Texts(MINILM, texts))
    places = np.array([vector for step in steps for vector in step.vectors])
    assert places.shape == (3, 384)
    assert places @ places.T == pytest.approx(
        np.array([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]), abs=2e-4
    )
    assert [step.usage is not None for step in steps] == [False] * (len(steps) - 1) + [True]
    assert steps[-1].usage.prompt == 8 + 9 + 8


async def test_many_texts_come_in_several_steps_and_in_order(engine):
    texts = tuple(f"{number} is a number" * (number % 5 + 1) for number in range(40))
    steps = await steps_of(engine, Texts(MINILM, texts))
    assert len(steps) > 2
    together = np.array([vector for step in steps for vector in step.vectors])
    alone = [(await steps_of(engine, Texts(MINILM, (text,))))[0].vectors[0] for text in texts[::7]]
    assert together[::7] == pytest.approx(np.array(alone), abs=1e-5)


async def test_a_text_beyond_the_model_is_named(engine):
    with pytest.raises(EngineError, match="text 1 has 302 tokens, the model takes 256") as caught:
        await steps_of(engine, Texts(MINILM, ("a", "word " * 300)))
    assert caught.value.fault is Fault.TOO_LONG
