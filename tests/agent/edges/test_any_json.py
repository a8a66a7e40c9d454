"""Any JSON at all, in any place of a chat request: understood, or refused by name. Nothing else ever happens."""

import json

from hypothesis import given
from hypothesis import strategies as st

from node_agent.api.chat_request import HARMLESS, ChatRequest
from node_agent.api.problems import CATALOGUE, Failed
from node_agent.api.reading import parse, shaped
from node_agent.engines.triton.codecs.llm import encode
from tests.agent.scenes import asked

NAMES = [*ChatRequest.model_fields, *HARMLESS, "", "a b", "\x00", "messages[0]", "(text)"]
scalars = st.sampled_from(
    [None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, "", "x", "user", "text", "\x00", "é" * 300]
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=4).map(lambda more: {**asked(), **more}) | values


def refusal(work):
    """What *work* was refused with; None if it was done."""
    try:
        work()
    except Failed as refused:
        return refused.fail
    return None


@given(bodies)
def test_any_json_is_understood_or_refused_by_name(body):
    fail = refusal(lambda: encode(shaped(parse(json.dumps(body).encode()), ChatRequest).prompt()))
    if fail is not None:
        assert CATALOGUE[fail.code].status == 400
        assert len(fail.shape().detail) < 600


@given(st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_any_bytes_are_json_or_refused(body):
    fail = refusal(lambda: parse(body))
    assert fail is None or fail.code == "invalid_json"
