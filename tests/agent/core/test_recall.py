"""What is remembered, for whom, and what is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.chat import Beginning, Finish, Manner, Message, Piece, Prompt, Role, Sampling
from node_agent.core.embedding import Texts, Vectors
from node_agent.core.hearing import Heard, Recording
from node_agent.core.models import ModelName
from node_agent.core.recall import Recall, is_repeatable
from node_agent.core.speech import Sound, Speech
from node_agent.core.task import Usage

M = ModelName("m")
STEPS = (Piece("hello"), Piece("", Finish.STOP, Usage(1, 1)))


def chat(text="hi", **sampling):
    return Prompt(M, (Message(Role.USER, text),), Manner(Sampling(**sampling)))


def sure(text="hi"):
    return chat(text, temperature=0, seed=1)


def test_a_task_is_repeatable_if_nothing_of_it_is_left_to_chance():
    sure = [chat(temperature=0, seed=1), Beginning(M, "x", Manner(Sampling(temperature=0, seed=1)))]
    assert all(map(is_repeatable, [*sure, Texts(M, ("a",)), Speech(M, "a", "v")]))
    assert not any(map(is_repeatable, [chat(), chat(temperature=0), chat(seed=1), chat(temperature=0.1, seed=1)]))
    assert not is_repeatable(Recording(M, b""))


def test_an_answer_is_given_again_to_who_had_it_and_to_nobody_else():
    recall = Recall(100_000)
    recall.keep("a", sure(), STEPS)
    assert recall.find("a", sure()) == STEPS
    assert recall.find("b", sure()) is None
    assert recall.find("a", sure("ho")) is None
    assert recall.find("a", Texts(M, ("hi",))) is None


def test_what_is_left_to_chance_is_not_kept_and_without_room_nothing_is():
    for recall, task in ((Recall(100_000), chat()), (Recall(0), sure())):
        recall.keep("", task, STEPS)
        assert (len(recall), recall.takes(task), recall.find("", task)) == (0, False, None)


def test_an_answer_that_would_take_too_much_is_not_kept():
    recall = Recall(16_000)
    for step in (Sound(bytes(1000)), Vectors(((0.0,) * 40,)), Piece("é" * 500)):
        recall.keep("", sure(), (step,))
        assert len(recall) == 0
    recall.keep("", sure(), (Heard(),))
    assert recall.taken == 200


def test_the_least_recently_given_is_forgotten_first():
    recall = Recall(16 * 500)
    for number in range(16):
        recall.keep("", sure(str(number)), (Sound(bytes(300)),))
    assert recall.find("", sure("0")) is not None
    recall.keep("", sure("16"), (Sound(bytes(300)),))
    assert [recall.find("", sure(str(number))) is None for number in range(3)] == [False, True, False]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 10, 299])), max_size=30))
def test_no_more_is_kept_than_there_is_room_for(history):
    recall = Recall(16 * 500)
    last = {}
    for text, size in history:
        recall.keep("", sure(text), (Sound(bytes(size)),))
        last[text] = size
        assert recall.taken == sum(200 + size for size in last.values()) <= 16 * 500
