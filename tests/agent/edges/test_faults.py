"""Triton's many words for failure, as one."""

import grpc
import pytest
from tritonclient.utils import InferenceServerException

from node_agent.core.errors import ConfigError, EngineError, Fault
from node_agent.engines.triton import census
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.faults import translate
from node_agent.engines.triton.floor import check
from tests.agent.scenes import codec, told


def rpc(code, details):
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=details)


@pytest.mark.parametrize(
    ("exc", "fault"),
    [
        (InferenceServerException("Failed to process: Stub process 'm_0_0' is not healthy."), Fault.DEAD),
        (InferenceServerException("in ensemble: m has no available versions"), Fault.DRAINING),
        (InferenceServerException("Request for unknown model: 'm' is not found"), Fault.UNKNOWN_MODEL),
        (InferenceServerException("Request for unknown model: 'm' has no available versions"), Fault.DRAINING),
        (InferenceServerException("Traceback …", status="StatusCode.INTERNAL"), Fault.BROKEN),
        (InferenceServerException("Deadline Exceeded", status="StatusCode.DEADLINE_EXCEEDED"), Fault.SILENT),
        (InferenceServerException("", status="StatusCode.UNAVAILABLE"), Fault.UNREACHABLE),
        (
            InferenceServerException("version 1 is at UNAVAILABLE state", status="StatusCode.INVALID_ARGUMENT"),
            Fault.BROKEN,
        ),
        (rpc(grpc.StatusCode.UNAVAILABLE, "Stream removed (Socket closed)"), Fault.UNREACHABLE),
        (rpc(grpc.StatusCode.DEADLINE_EXCEEDED, ""), Fault.SILENT),
        (rpc(grpc.StatusCode.INTERNAL, 'File "/opt/model.py", line 3'), Fault.BROKEN),
        (TimeoutError(), Fault.SILENT),
        (ValueError("anything"), Fault.BROKEN),
    ],
)
def test_each_shape_has_its_fault(exc, fault):
    assert translate(exc).fault is fault


def test_a_vendors_text_never_reaches_a_client():
    assert "/" not in translate(rpc(grpc.StatusCode.INTERNAL, 'File "/opt/model.py"')).detail


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"text": "x"}',
        b'{"text":"","finish":"nonsense","usage":null}',
        b"5",
        b'{"text":"\\ud800","finish":null,"usage":null}',
    ],
)
def test_a_piece_that_cannot_be_read_is_a_broken_model(payload):
    with pytest.raises(EngineError) as caught:
        read(codec(), told(payload))
    assert caught.value.fault is Fault.BROKEN


def test_a_triton_below_the_floor_needs_leave():
    assert check("2.70.0", "x", allow_unpatched=False)
    assert not check("2.69.9", "x", allow_unpatched=True)
    for old in ("2.69.9", "2.51.0", "garbage", ""):
        with pytest.raises(ConfigError, match=r"older than 2\.70\.0"):
            check(old, "x", allow_unpatched=False)


def test_a_process_that_never_was_does_not_live():
    assert not census.lives(2**22 + 1)
    assert census.model_processes(2**22 + 1) == {}
