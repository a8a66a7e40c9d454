"""The gate: what it learns of its model, and what it says of itself."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from node_agent.core.admission import Limits, Load
from node_agent.core.claim import Claim, Priority
from node_agent.core.errors import Reason, Refused
from node_agent.core.units import Instant, Seconds
from node_agent.runtime.gate import Gate, Turn


class Time:
    """A clock that is set."""

    def __init__(self):
        self.at = Instant(1000.0)

    def now(self):
        return self.at

    def unix(self):
        return 0

    def passes(self, seconds):
        self.at = Instant(self.at + seconds)


@pytest.fixture
def time():
    return Time()


def gate_of(time, slots, queue=0, draw=0.0):
    return Gate(Limits(slots, queue, Seconds(10.0)), time, lambda: draw)


async def rounds(gate, time, many, at=3):
    """So many times all slots are taken, and a unit of work takes as long as if only *at* ran well at once."""
    for _ in range(many):
        async with AsyncExitStack() as held:
            turns = [await held.enter_async_context(gate.slot()) for _ in range(gate.load.slots)]
            time.passes(10.0)
            for turn in turns:
                turn.work = 10.0 / max(1.0, len(turns) / at)


async def test_slots_are_what_the_model_is_measured_to_do_well(time):
    gate = gate_of(time, slots=8)
    await rounds(gate, time, 60)
    assert gate.load.slots in {3, 4}
    assert gate.load.most == 8
    await rounds(gate, time, 200, at=8)
    assert gate.load.slots == 8


@pytest.mark.parametrize("said", [None, 0.0])
async def test_requests_that_tell_nothing_of_the_model_do_not_count(time, said):
    gate = gate_of(time, slots=8)
    for _ in range(60):
        async with AsyncExitStack() as held:
            for _ in range(8):
                (await held.enter_async_context(gate.slot())).work = said
            time.passes(1.0)
    assert gate.load.slots == 8


async def test_requests_that_fail_do_not_count(time):
    gate = gate_of(time, slots=2)
    for _ in range(100):
        with suppress(ZeroDivisionError):
            async with gate.slot() as turn, gate.slot():
                turn.work = 1.0
                time.passes(1.0)
                raise ZeroDivisionError
    assert (gate.load.slots, gate.service) == (2, 0.0)


async def test_the_limit_moves_under_those_who_are_served_without_sending_them_away(time):
    gate = gate_of(time, slots=8, queue=8)
    await rounds(gate, time, 2)
    async with AsyncExitStack() as held:
        for _ in range(7):
            await held.enter_async_context(gate.slot())
        while gate.load.slots == 8:
            async with gate.slot() as turn:
                time.passes(10.0)
                turn.work = 10.0 * 3.0 / 8.0
        assert gate.load == Load(busy=7, queued=0, slots=6, most=8)
        waiting = asyncio.ensure_future(held.enter_async_context(gate.slot()))
        await asyncio.sleep(0)
        assert gate.load.queued == 1
        waiting.cancel()


async def test_what_is_reported_is_a_mean_and_what_decides_is_the_moment(time):
    gate = gate_of(time, slots=1)
    async with gate.slot():
        assert (gate.load.busy, gate.busy_lately) == (1, 0.0)
        time.passes(20.0)
        assert gate.busy_lately == pytest.approx(1.0)
        with pytest.raises(Refused):
            await gate.slot().__aenter__()
    assert (gate.load.busy, gate.busy_lately) == (0, pytest.approx(1.0))
    async with gate.slot():
        time.passes(20.0)
    time.passes(20.0)
    assert gate.busy_lately == pytest.approx(0.0, abs=1e-6)


async def test_who_waits_is_averaged_too(time):
    gate = gate_of(time, slots=1, queue=1)
    async with gate.slot():
        waiting = asyncio.ensure_future(gate.slot().__aenter__())
        await asyncio.sleep(0)
        time.passes(20.0)
        assert (gate.load.queued, gate.queued_lately) == (1, pytest.approx(1.0))
        waiting.cancel()


async def refused(gate):
    with pytest.raises(Refused) as caught:
        await gate.slot().__aenter__()
    return caught.value.refusal.retry_after


@pytest.mark.parametrize(("draw", "unknown", "known"), [(0.0, 1.0, 2.4), (1.0, 1.25, 3.0)])
async def test_who_is_shed_is_told_when_the_queue_is_through(time, draw, unknown, known):
    gate = gate_of(time, slots=1, draw=draw)
    async with gate.slot():
        assert await refused(gate) == pytest.approx(unknown)
        time.passes(2.4)
    async with gate.slot():
        assert await refused(gate) == pytest.approx(known)


async def entering(gate, claim, served):
    async with gate.slot(claim):
        served.append(claim.caller)


async def test_keys_take_turns(time):
    gate, served = gate_of(time, slots=1, queue=9), []
    async with asyncio.TaskGroup() as group, gate.slot(Claim("a")):
        for caller in "aaabb":
            group.create_task(entering(gate, Claim(caller), served))
        await asyncio.sleep(0)
        assert gate.load.queued == 5
    assert "".join(served) == "babaa"


async def test_who_is_pushed_out_of_the_queue_is_told_that_the_node_is_full(time):
    gate = gate_of(time, slots=1, queue=1)
    async with gate.slot():
        batch = asyncio.ensure_future(gate.slot(Claim(priority=Priority.BATCH)).__aenter__())
        await asyncio.sleep(0)
        urgent = asyncio.ensure_future(gate.slot().__aenter__())
        with pytest.raises(Refused, match="others in it are more urgent") as caught:
            await batch
        assert caught.value.refusal.reason is Reason.FULL
        assert gate.load.queued == 1
        urgent.cancel()


async def test_who_would_wait_in_vain_is_shed_at_once(time):
    gate = gate_of(time, slots=1, queue=9)
    async with gate.slot():
        time.passes(2.0)
    async with gate.slot():
        with pytest.raises(Refused, match="no slot will be free in time") as caught:
            await gate.slot(Claim(patience=Seconds(1.9))).__aenter__()
        assert (caught.value.refusal.reason, caught.value.refusal.retry_after) == (Reason.LATE, 2.0)
        patient = asyncio.ensure_future(gate.slot(Claim(patience=Seconds(2.0))).__aenter__())
        await asyncio.sleep(0)
        assert gate.load.queued == 1
        patient.cancel()


async def test_who_cannot_wait_as_long_as_the_queue_allows_waits_less(time):
    gate = gate_of(time, slots=1, queue=9)
    async with gate.slot():
        with pytest.raises(Refused, match="no slot became free in time"):
            await gate.slot(Claim(patience=Seconds(0.01))).__aenter__()
    assert gate.load.queued == 0


async def test_nobody_waits_longer_than_the_queue_allows_however_long_it_can(time):
    gate = Gate(Limits(1, 9, Seconds(0.01)), time, lambda: 0.0)
    async with gate.slot():
        with pytest.raises(Refused, match="no slot became free in time"):
            async with asyncio.timeout(5):
                await gate.slot(Claim(patience=Seconds(3600.0))).__aenter__()


async def test_how_long_somebody_was_in_the_queue_is_known_however_that_ended(time):
    gate, served, shed, left = gate_of(time, slots=1, queue=1), Turn(), Turn(), Turn()
    async with gate.slot(turn=served):
        leaving = asyncio.ensure_future(gate.slot(turn=left).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(Refused):
            await gate.slot(turn=shed).__aenter__()
        time.passes(3.0)
        leaving.cancel()
        await asyncio.wait([leaving])
    assert (served.waited, shed.waited, left.waited) == (0.0, None, 3.0)


async def test_the_time_until_a_model_was_there_is_no_time_that_it_takes_for_a_request(time):
    gate = gate_of(time, slots=1)
    async with gate.slot() as turn:
        time.passes(60.0)
        turn.warmed = Seconds(60.0)
        time.passes(2.0)
    assert gate.service == 2.0
