"""Whether an answer tells how fast the model writes."""

import asyncio

import pytest

from node_agent.core.chat import Finish, Piece, Usage
from node_agent.core.models import ModelName
from node_agent.runtime.meter import Meter
from tests.agent.edges.test_gate import Time


def answered(pieces=5, *, writing=0.1, reading=0.0, finish=True, ended=None):
    time = Time()
    meter = Meter(ModelName("m"), time)
    for number in range(pieces):
        meter.waits()
        time.passes(5.0 if number == 0 else writing)
        meter.note(Piece("word"))
        time.passes(reading)
    meter.waits()
    if finish:
        meter.note(Piece("", Finish.STOP, Usage(1, pieces)))
    if ended:
        meter.ended(ended)
    return meter


def test_a_finished_answer_does_and_its_prompt_does_not_count():
    assert answered().speed() == pytest.approx(0.1)


@pytest.mark.parametrize(
    "meter",
    [
        answered(0),
        answered(1),
        answered(3),
        answered(finish=False),
        answered(ended=asyncio.CancelledError()),
        answered(ended=ZeroDivisionError()),
        answered(reading=0.02),
    ],
    ids=["nothing", "one word", "few words", "broken off", "left", "failed", "held up by its reader"],
)
def test_others_do_not(meter):
    assert meter.speed() is None


def test_a_reader_may_take_a_little():
    assert answered(reading=0.005).speed() == pytest.approx(0.105)
