"""What a key allows, and what it is told that it does not."""

import pytest

from node_agent.core.caller import ANYBODY, THIS_MACHINE, Budget, Caller, Scope
from node_agent.core.claim import ANYONE, Claim
from node_agent.core.errors import Denial, Denied
from node_agent.core.models import ModelName

M = ModelName("m")


def denied(what, *arguments):
    with pytest.raises(Denied) as caught:
        what(*arguments)
    return caught.value.denial, caught.value.detail


def test_what_is_not_said_is_allowed():
    Caller("a").require_region("yto-01")
    Caller("a").require_now(1e12)
    Caller("a").require_scope(Scope.INFERENCE)
    Claim("a").require(M)
    ANYONE.require(M)


def test_a_key_for_one_region_is_for_no_other():
    caller = Caller("a", regions=frozenset({"yto-01"}))
    caller.require_region("yto-01")
    assert denied(caller.require_region, "nyc-01") == (Denial.FORBIDDEN, "the key is not for region nyc-01")


def test_a_key_for_one_model_is_for_no_other():
    claim = Claim("a", models=frozenset({M}))
    claim.require(M)
    assert denied(claim.require, ModelName("n")) == (Denial.FORBIDDEN, "the key is not for model n")


def test_a_key_counts_from_its_beginning_to_its_end():
    caller = Caller("a", begins=10.0, expires=20.0)
    for now in (10.0, 19.9):
        caller.require_now(now)
    assert denied(caller.require_now, 9.9) == (Denial.UNKNOWN, "the key does not count yet")
    assert denied(caller.require_now, 20.0) == (Denial.UNKNOWN, "the key has expired")


def test_only_an_operator_operates():
    assert denied(Caller("a").require_scope, Scope.OPERATOR)[0] is Denial.FORBIDDEN
    assert denied(ANYBODY.require_scope, Scope.OPERATOR)[0] is Denial.FORBIDDEN
    THIS_MACHINE.require_scope(Scope.OPERATOR)


def test_a_budget_is_counted_in_billionths():
    assert Budget(0.1 + 0.2).limit == 300_000_000
