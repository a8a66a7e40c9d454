"""Golden payloads: added, never edited. What is in the field must stay readable, and extra fields must not matter."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from autorouter.wire.fleet import EndpointsAnswer, ModelsAnswer, RegionsAnswer
from autorouter.wire.hold import HoldRecord, NoteRecord
from autorouter.wire.node import NodeReport
from autorouter.wire.observation import ObservationRecord
from autorouter.wire.problem import Problem
from autorouter.wire.referral import ReferralClaims
from autorouter.wire.route import ExplainedAnswer, NoRegionProblem, RouteAnswer, UnknownModelProblem
from autorouter.wire.sample import EvidenceRecord, SampleRecord

SHAPES = {
    "node_report": NodeReport,
    "observation": ObservationRecord,
    "route_answer": RouteAnswer,
    "explained_answer": ExplainedAnswer,
    "no_region": NoRegionProblem,
    "unknown_model": UnknownModelProblem,
    "problem": Problem,
    "regions": RegionsAnswer,
    "models": ModelsAnswer,
    "hold": HoldRecord,
    "note": NoteRecord,
    "endpoints": EndpointsAnswer,
    "evidence": EvidenceRecord,
    "sample": SampleRecord,
    "referral": ReferralClaims,
}
GOLDEN = sorted(Path(__file__).parent.glob("v1/*.json"))


def shape_of(path):
    return SHAPES[path.stem.partition("-")[0]]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_todays_reader_reads_it(path):
    shape_of(path).model_validate_json(path.read_bytes())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_todays_writer_writes_nothing_less(path):
    """Every member of the payload is still there, with the same value."""
    told = json.loads(path.read_text())
    again = json.loads(shape_of(path).model_validate(told).model_dump_json(by_alias=True))
    assert lost(told, again) == []


def lost(told, again, at="$"):
    """Where *again* says less than what was *told*, or other things; what it says besides does not matter."""
    match told, again:
        case dict(), dict():
            return [each for key in told for each in lost(told[key], again.get(key), f"{at}.{key}")]
        case list(), list() if len(told) == len(again):
            return [
                each for i, pair in enumerate(zip(told, again, strict=True)) for each in lost(*pair, f"{at}[{i}]")
            ]
        case _:
            return [] if told == again else [f"{at}: {told!r} became {again!r}"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_field_from_the_future_is_skipped(path):
    shape_of(path).model_validate({**json.loads(path.read_text()), "from_the_future": {"x": 1}})


def test_every_shape_has_a_golden_payload():
    assert {path.stem.partition("-")[0] for path in GOLDEN} == set(SHAPES)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1, 1e12, "many", None])
def test_an_absurd_load_does_not_get_past_the_border(bad):
    report = json.loads((Path(__file__).parent / "v1/node_report.json").read_text())
    report["models"][0]["busy"] = bad
    with pytest.raises(ValidationError):
        NodeReport.model_validate(report)
