"""What people are told of several failures at once."""

from node_agent.core.errors import EngineError, Fault, innermost

OURS = EngineError(Fault.DEAD, "it died")


def test_of_a_group_of_ours_the_innermost_first_is_told():
    assert innermost(BaseExceptionGroup("", [BaseExceptionGroup("", [OURS]), EngineError(Fault.BROKEN, "")])) is OURS


def test_a_defect_is_never_hidden_behind_a_failure():
    mixed = BaseExceptionGroup("", [OURS, ZeroDivisionError()])
    assert innermost(mixed) is mixed
    alone = BaseExceptionGroup("", [ZeroDivisionError()])
    assert innermost(alone) is alone
