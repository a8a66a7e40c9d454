"""Models that speak other people's tensors, in a real Triton that somebody else runs."""

import asyncio
import shutil
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from node_agent.core.chat import Beginning, Finish, Manner, Message, Prompt, Role, Sampling
from node_agent.core.errors import ConfigError, EngineError, Fault
from node_agent.core.models import Kind, ModelName, ModelSpec, ModelState
from node_agent.core.task import Usage
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.engine import TritonEngine
from node_agent.engines.triton.sources import OwnChild, Stranger

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent / "stand_ins"
TEMPLATE = "{% for m in messages %}<{{ m.role }}> {{ m.content }} </{{ m.role }}> {% endfor %}{{ bos_token }}"


def spec(name, template, contract):
    return ModelSpec(
        name=ModelName(name),
        kind=Kind.LLM,
        triton_model=name,
        version="1",
        slots=2,
        threads=1,
        memory=100,
        licence="Apache-2.0",
        contract=contract,
        context=64,
        options={"chat_template": str(template)},
    )


def engine_of(models, address):
    return TritonEngine(models, Stranger(address), Tenants(models, frozenset(), None), allow_unpatched=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tmp_path_factory):
    template = tmp_path_factory.mktemp("templates") / "chat.jinja"
    template.write_text(TEMPLATE)
    models = (spec("vllm", template, "vllm"), spec("trtllm", template, "tensorrt-llm"))
    async with OwnChild((), template.parent, allow_unpatched=True).open() as reached:
        home = Path(reached.address.removeprefix("unix://")).parent
        shutil.copytree(HERE, home / "repository", dirs_exist_ok=True)
        engine = TritonEngine(
            models, Stranger(reached.address), Tenants(models, frozenset(), None), allow_unpatched=True
        )
        task = asyncio.ensure_future(engine.run())
        async with asyncio.timeout(30):
            while {standing.state for standing in engine.standings().values()} != {ModelState.READY}:
                await asyncio.sleep(0.05)
        yield engine
        task.cancel()
        await asyncio.wait([task])


async def said(engine, task):
    async with aclosing(engine.generate(task)) as pieces:
        steps = [piece async for piece in pieces]
    return "".join(step.text for step in steps), steps[-1]


def chat(name, **manner):
    return Prompt(ModelName(name), (Message(Role.USER, "hello there"),), Manner(**manner))


async def test_vllm_gets_the_rendered_conversation_and_tells_what_it_counted(engine):
    text, last = await said(engine, chat("vllm", sampling=Sampling(temperature=0.5), stop=("x",), max_tokens=9))
    assert text == '<user> hello there </user> {"max_tokens": 9, "stop": ["x"], "temperature": 0.5} '
    assert (last.finish, last.usage) == (Finish.STOP, Usage(prompt=4, answer=5))


async def test_vllm_may_write_as_much_as_the_context_holds_where_no_limit_is_given(engine):
    text, _ = await said(engine, chat("vllm"))
    assert '"max_tokens": 64' in text


async def test_vllm_says_when_its_answer_was_cut(engine):
    _, last = await said(engine, chat("vllm", max_tokens=2))
    assert (last.finish, last.usage.answer) == (Finish.LENGTH, 2)


async def test_a_text_to_be_continued_has_no_template_around_it(engine):
    for name in ("vllm", "trtllm"):
        text, _ = await said(engine, Beginning(ModelName(name), "as it stands", Manner(max_tokens=3)))
        assert text == "as it stands "


async def test_tensorrt_llm_gets_its_own_names_and_what_it_does_not_tell_is_counted(engine):
    sampling = Sampling(temperature=0.5, top_k=3, seed=-1)
    text, last = await said(engine, chat("trtllm", sampling=sampling, stop=("x", "y")))
    assert text == (
        "<user> hello there </user> stop_words=[b'x', b'y'] temperature=[0.5] top_k=[3] "
        "random_seed=[18446744073709551615] "
    )
    assert (last.finish, last.usage) == (Finish.STOP, Usage(prompt=7, answer=8))


async def test_tensorrt_llms_answer_that_is_as_long_as_allowed_counts_as_cut(engine):
    _, last = await said(engine, chat("trtllm", max_tokens=2))
    assert (last.finish, last.usage.answer) == (Finish.LENGTH, 2)


async def test_a_schema_is_refused_by_models_that_cannot_keep_to_one(engine):
    with pytest.raises(EngineError, match="'response_format' is not supported") as caught:
        await said(engine, Prompt(ModelName("vllm"), (Message(Role.USER, "x"),), schema="{}"))
    assert caught.value.fault is Fault.REFUSED


async def test_a_model_of_somebody_elses_needs_somebody_elses_triton(tmp_path):
    with pytest.raises(ConfigError, match="name that by --triton"):
        OwnChild((spec("vllm", tmp_path / "x", "vllm"),), tmp_path, allow_unpatched=True)


async def test_a_missing_template_is_told_at_the_start(tmp_path):
    models = (spec("vllm", tmp_path / "none.jinja", "vllm"),)
    with pytest.raises(ConfigError, match="there is no chat template in it"):
        engine_of(models, "x")
