"""What a request is billed for: what its client got, and nothing else.

A status of 200 does not prove that anything arrived. What the models did for nobody is the node's loss.
"""

from enum import Enum, auto

from node_agent.core.account import NOTHING, Account, Outcome
from node_agent.core.chat import Piece
from node_agent.core.hearing import Heard
from node_agent.core.speech import RATE, Sound, Speech
from node_agent.core.task import Step, Task, Usage
from node_agent.core.units import Seconds

LETTERS_A_SECOND = 15.0
"""That are spoken, in English at a voice's own speed: what was heard of a speech that was broken off is known in
seconds alone."""


class Sent(Enum):
    """How an answer went out."""

    WHOLE = auto()
    """In one piece, and all of it."""
    STREAMED = auto()
    """Step by step, each when it came; perhaps not to the end."""
    NOT = auto()


def part(step: Step) -> Usage:
    """What *step* is of an answer, as far as can be told before the end: the prompt's tokens come with the last step.

    >>> part(Piece("word"))
    Usage(prompt=0, answer=1, heard=0.0, characters=0, spoken=0.0)
    """
    match step:
        case Piece() if step.says:
            return Usage(answer=1)  # a piece is a token, or now and then two: letters of several bytes are held back
        case Sound():
            return Usage(spoken=Seconds(len(step.pcm) / 2 / RATE))
        case Heard(segment=segment) if segment is not None:
            return Usage(heard=Seconds(max(0.0, segment.end - segment.start)))
        case _:
            return Usage()


def billable(task: Task[Step], parts: Usage) -> Usage:
    """*parts* of the answer to *task* in the units that it is billed by."""
    match task:
        case Speech():
            letters = min(len(task.text), int(parts.spoken * LETTERS_A_SECOND * task.speed))
            return Usage(characters=letters, spoken=parts.spoken)
        case _:
            return parts


def due(account: Account, sent: Sent) -> Usage | None:
    """What is billed; None for nothing at all: it failed, was not taken, or nothing of it reached the client."""
    if account.outcome not in {Outcome.OK, Outcome.CANCELLED}:
        return None
    match sent:
        case Sent.WHOLE:
            return account.usage
        case Sent.STREAMED:
            taken = account.usage if account.finished else account.delivered
            return None if taken == NOTHING else taken
        case _:
            return None
