"""Several models on one Triton: what happens to one is not the others' trouble."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest
from tritonclient.grpc import service_pb2 as pb

from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.errors import Fault
from node_agent.core.health import Health, judge
from node_agent.core.models import ModelName, ModelState, Standing
from node_agent.engines.board import Board
from node_agent.engines.tenants import LEAVE, Tenants
from node_agent.engines.triton import keeper as rules
from node_agent.engines.triton.keeper import Keeper
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached
from tests.agent.fake_triton import FakeTriton, answer, listening, text
from tests.agent.scenes import catalogue

WELL = answer(text(b'{"text":"","finish":"length","usage":{}}'))
MODELS = choose(read_catalogue(catalogue("a", "b", "c")), read_options({"region": "x", "models": ("a", "b", "c")}))
A, B, C = (model.name for model in MODELS)


class Many(FakeTriton):
    """Holds several: *slow* loads end when told to, *broken* ones fail, who is *fallen* is not ready till loaded.

    Unloads end when *leaving* is set, if there is such an event.
    """

    def __init__(self):
        super().__init__(WELL)
        self.slow, self.broken, self.fallen = {}, set(), set()
        self.loads = []
        self.leaving = None

    async def RepositoryModelUnload(self, request, context):  # noqa: N802 - the protocol's name
        answer = await super().RepositoryModelUnload(request, context)
        if self.leaving is not None:
            await self.leaving.wait()
        return answer

    async def RepositoryModelLoad(self, request, context):  # noqa: N802 - the protocol's name
        name = request.model_name
        self.loads.append(name)
        if name in self.slow:
            await self.slow[name].wait()
        if name in self.broken:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "failed to load")
        self.fallen.discard(name)
        return pb.RepositoryModelLoadResponse()

    async def ModelReady(self, request, _context):  # noqa: N802 - the protocol's name
        return pb.ModelReadyResponse(ready=request.name not in self.fallen | self.broken)


class Diary(Board):
    """A board that remembers what was said of failures."""

    def __init__(self, names):
        super().__init__(names)
        self.failures = []

    def post(self, name, state, reason="", **more):
        super().post(name, state, reason, **more)
        if state is ModelState.FAILED:
            self.failures.append(reason)


class Scene:
    def __init__(self, triton, board, tenants):
        self.triton, self.board, self.tenants = triton, board, tenants

    def states(self):
        return [standing.state for standing in self.board.standings().values()]

    def reason(self, name):
        return self.board.standings()[name].reason

    async def until(self, claim):
        async with asyncio.timeout(10):
            while not claim():
                await asyncio.sleep(0.01)

    async def until_states(self, *states):
        await self.until(lambda: self.states() == [ModelState(state) for state in states])


@asynccontextmanager
async def keeping(triton, memory=None, models=MODELS):
    async with listening(triton):
        link, board = Link(triton.address), Diary(tuple(model.name for model in models))
        tenants = Tenants(models, frozenset(), memory)
        tenants.wake, tenants.goes = board.wake, board.goes
        keeper = Keeper(link, Reached(triton.address, None), models, board, tenants)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(keeper.keep())
            yield Scene(triton, board, tenants)
            task.cancel()
        await link.close()


async def test_while_one_loads_the_others_are_served_and_looked_after():
    triton = Many()
    triton.slow[A] = asyncio.Event()
    async with keeping(triton) as scene:
        await scene.until_states("loading", "ready", "ready")
        assert judge(scene.board.standings(), draining=False).reason == "loading 3 of 3: a"
        triton.fallen.add(B)
        await scene.until(lambda: triton.loads.count(B) == 2)
        await scene.until_states("loading", "ready", "ready")
        triton.slow[A].set()
        await scene.until_states("ready", "ready", "ready")
        assert scene.tenants[A].took > scene.tenants[C].took


async def test_two_are_loaded_at_once_and_the_rest_wait_for_them():
    triton = Many()
    triton.slow = {A: asyncio.Event(), B: asyncio.Event()}
    async with keeping(triton) as scene:
        await scene.until(lambda: len(triton.loads) == 2)
        await asyncio.sleep(0.1)
        assert sorted(triton.loads) == [A, B]
        triton.slow[B].set()
        await scene.until_states("loading", "ready", "ready")
        triton.slow[A].set()


async def test_a_model_that_cannot_be_loaded_takes_nobody_along_and_is_tried_again(monkeypatch):
    monkeypatch.setattr(rules, "REST", 0.3)
    triton = Many()
    triton.broken.add(B)
    async with keeping(triton) as scene:
        await scene.until(lambda: "tried again" in scene.reason(B))
        assert scene.reason(B) == "it could not be loaded, and is tried again in 0.3 s"
        assert scene.states() == [ModelState.READY, ModelState.FAILED, ModelState.READY]
        assert judge(scene.board.standings(), draining=False).health is Health.DEGRADED
        triton.broken.clear()
        await scene.until_states("ready", "ready", "ready")
        assert (triton.loads.count(A), triton.loads.count(C)) == (1, 1)


async def test_a_model_that_cannot_be_loaded_does_not_keep_a_slower_one_from_ever_being_loaded():
    triton = Many()
    triton.broken.add(A)
    triton.slow[B] = asyncio.Event()
    async with keeping(triton, models=MODELS[:2]) as scene:
        await scene.until(lambda: "tried again" in scene.reason(A))
        triton.slow[B].set()
        await scene.until_states("failed", "ready")
        assert triton.loads.count(B) == 1


async def test_a_model_that_cannot_be_loaded_makes_room_for_who_waits_for_another():
    triton = Many()
    triton.broken.add(A)
    async with keeping(triton, memory=400, models=MODELS[:2]) as scene:
        with scene.tenants.hold(B):
            await scene.until_states("failed", "ready")


async def test_what_falls_again_and_again_soon_after_it_was_loaded_is_loaded_later_and_later():
    triton = Many()
    async with keeping(triton) as scene:
        await scene.until_states("ready", "ready", "ready")
        for falls in (1, 2, 3):
            triton.fallen.add(B)
            await scene.until(lambda falls=falls: triton.loads.count(B) == 1 + falls)
            await scene.until_states("ready", "ready", "ready")
    assert scene.board.failures == [
        "it stopped answering and is loaded again",
        "it fell 2 times soon after it was loaded and is loaded again in 0.2 s",
        "it fell 3 times soon after it was loaded and is loaded again in 0.4 s",
    ]


@pytest.fixture
def quick(monkeypatch):
    """No model has to stay for longer than it is used."""
    monkeypatch.setattr("node_agent.engines.tenants.STAY", 0.0)


@pytest.mark.usefixtures("quick")
async def test_within_a_budget_models_come_and_go_and_what_is_cold_is_left_alone():
    triton = Many()
    async with keeping(triton, memory=600) as scene:
        await scene.until_states("ready", "ready", "cold")
        with scene.tenants.hold(A):
            pass
        with scene.tenants.hold(C):
            await scene.until_states("ready", "cold", "ready")
        assert triton.asked.count("unload") == 1
        loads = list(triton.loads)
        scene.board.doubt(B, Fault.DEAD)
        triton.fallen.add(B)
        await asyncio.sleep(0.7)
        assert (triton.loads, scene.states()[1]) == (loads, ModelState.COLD)


@pytest.mark.usefixtures("quick")
async def test_of_two_that_leave_for_a_third_neither_is_given_to_anybody_any_more():
    triton = Many()
    triton.leaving = asyncio.Event()
    large = catalogue("a", "b", "c", c={"memory": 600})
    models = choose(read_catalogue(large), read_options({"region": "x", "models": ("a", "b", "c")}))
    async with keeping(triton, memory=600, models=models) as scene:
        await scene.until_states("ready", "ready", "cold")
        with scene.tenants.hold(C):
            await scene.until(lambda: "unload" in triton.asked)
            assert scene.states() == [ModelState.UNLOADING, ModelState.UNLOADING, ModelState.LOADING]
            assert triton.asked.count("unload") == 1
            triton.leaving.set()
            await scene.until_states("cold", "cold", "ready")


async def test_what_somebody_leaves_is_given_to_nobody_before_it_is_free():
    tenants = Tenants(MODELS, frozenset(), 600)
    tenants.restart()
    for name, _ in tenants.admit():
        tenants.came(name)
    assert tenants.dismiss(A) == ""
    with tenants.hold(C):
        assert list(tenants.admit()) == []
        assert dict(tenants.outside())[C] == "others are on their way out"
        assert tenants.forecast(C, Standing(ModelState.COLD)) == LEAVE + tenants[C].load
        tenants.left(A)
        assert list(tenants.admit()) == [(C, ())]


@pytest.mark.usefixtures("quick")
async def test_models_that_grow_over_the_budget_make_the_least_recently_used_leave():
    async with keeping(Many(), memory=600) as scene:
        await scene.until_states("ready", "ready", "cold")
        scene.tenants.weigh(A, 250)
        with scene.tenants.hold(A):
            scene.tenants.weigh(A, 700)
            scene.board.wake()
            await scene.until_states("ready", "cold", "cold")
        await scene.until_states("cold", "cold", "cold")
        with scene.tenants.hold(A):  # what it had grown to does not keep it out
            await scene.until_states("ready", "cold", "cold")


async def test_a_load_asked_for_is_nobodys_loss(monkeypatch):
    triton = Many()
    triton.slow[C] = asyncio.Event()
    monkeypatch.setattr("node_agent.engines.tenants.STAY", 0.0)
    async with keeping(triton, memory=600) as scene:
        await scene.until_states("ready", "ready", "cold")
        with scene.tenants.hold(ModelName("c")):
            await scene.until(lambda: scene.states()[2] is ModelState.LOADING)
            await scene.until(lambda: triton.loads[-1] == C)
            assert judge(scene.board.standings(), draining=False).health is Health.READY
            triton.slow[C].set()
            await scene.until(lambda: scene.states()[2] is ModelState.READY)
