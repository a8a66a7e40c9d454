"""Whether a request tells how fast the model is, and by how much work."""

import asyncio

import pytest

from node_agent.core.chat import Finish, Piece
from node_agent.core.models import ModelName
from node_agent.core.task import Task, Usage
from node_agent.core.units import Seconds
from node_agent.runtime.meter import Meter
from tests.agent.edges.test_gate import Time

TASK = Task(ModelName("m"))


def answered(pieces=5, *, prompt=20, waited=0.0, reading=0.0, finish=True, ended=None):
    time = Time()
    meter = Meter(TASK, "", time)
    meter.turn.waited = Seconds(waited)
    time.passes(waited)
    for _ in range(pieces):
        meter.waits()
        time.passes(0.1)
        meter.note(Piece("word"))
        time.passes(reading)
    meter.waits()
    if finish:
        meter.note(Piece("", Finish.STOP, Usage(prompt, pieces)))
    if ended:
        meter.ended(ended)
    return meter


@pytest.mark.parametrize(("prompt", "pieces", "work"), [(20, 5, 7.0), (1000, 1, 101.0), (0, 50, 50.0)])
def test_the_work_is_what_was_written_and_some_of_what_was_read(prompt, pieces, work):
    assert answered(pieces, prompt=prompt).work() == pytest.approx(work)


@pytest.mark.parametrize(
    "meter",
    [
        Meter(TASK, "", Time()),
        answered(finish=False),
        answered(ended=asyncio.CancelledError()),
        answered(ended=ZeroDivisionError()),
        answered(reading=0.02),
        answered(reading=0.02, waited=60.0),
    ],
    ids=["nothing", "broken off", "left", "failed", "held up by its reader", "likewise after a wait"],
)
def test_what_was_not_finished_or_was_held_up_tells_nothing(meter):
    assert meter.work() is None


def test_who_had_a_slot_before_the_model_was_there_tells_nothing_by_it_and_was_served_without():
    meter = answered(waited=60.0)
    meter.turn.waited, meter.turn.warmed = Seconds(20.0), Seconds(40.0)
    assert meter.work() is None
    assert meter.account().served == pytest.approx(0.5)


def test_a_reader_may_take_a_little():
    assert answered(reading=0.005).work() == pytest.approx(7.0)
