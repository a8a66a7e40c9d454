"""How much a voice says at once, so that it begins soon and nobody waits in between."""

import importlib.util

import pytest

from node_agent.engines.triton.assembly import MODELS


def _loaded():
    """The module as Triton has it: beside model.py, in no package."""
    spec = importlib.util.spec_from_file_location("portions", MODELS / "tts" / "1" / "portions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


P = _loaded()
SENTENCES = "edge inference keeps the whole voice pipeline on one server, so it answers. " * 12


@pytest.mark.parametrize("text", [SENTENCES, "x" * 700, "one " * 200, "a. b! c? " * 50, "A"])
@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_nothing_is_lost_or_said_twice_and_nothing_is_too_long(text, speed):
    found = list(P.portions(text, speed))
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(0 < len(portion) <= P.MOST for portion in found)
    assert len(found[0]) <= P.FIRST


def test_portions_grow_with_what_the_listener_has_still_to_hear():
    lengths = [len(portion) for portion in P.portions("one " * 200, 1.0)]
    assert lengths[0] <= P.FIRST < lengths[-3] <= P.MOST
    assert lengths[:-1] == sorted(lengths[:-1])


def test_a_clause_that_ends_soon_is_not_cut_before():
    found = list(P.portions("edge inference keeps the whole voice pipeline on one server, so the first audio", 1.0))
    assert found[1] == "whole voice pipeline on one server,"


def test_slow_speech_is_made_in_shorter_portions():
    assert max(map(len, P.portions(SENTENCES, 0.25))) < max(map(len, P.portions(SENTENCES, 1.0)))
