"""What is sent on, as operations of the router's: made of `paths.PATHS` and of what ``/v1/route`` can be told."""

from collections.abc import Sequence

from autorouter.api.onward.letter import Asked
from autorouter.api.onward.paths import PATHS, Body, Path
from autorouter.api.onward.wish import Mode
from autorouter.wire.header import CACHE, Header
from autorouter.wire.operation import FORM, JSON, TEXT, Answer, Content, Operation, Parameter
from autorouter.wire.problem import CONTENT_TYPE, Problem

REGION = Header("x-autorouter-region", "Who answers, or is to.")
REASON = Header("x-autorouter-reason", "Why this one.")
ATTEMPTS = Header("x-autorouter-attempts", "Regions that were asked.", int)

MODE = Parameter("mode", "How it is sent on; by default as its client can.", Mode)

REFERRED = Answer(
    "To be asked again there, with the same body.",
    (Content(str, TEXT),),
    307,
    (Header("Location", "Of the node, with a referral in place of the key."), REGION, REASON, CACHE),
)
RELAYED = Answer("The node's own answer.", (Content(object),), headers=(REGION, REASON, ATTEMPTS))
REFUSED = Answer("The node's own refusal.", (Content(Problem, CONTENT_TYPE),), "default", (REGION, REASON, ATTEMPTS))
BEGUN = Answer("A job was begun, in PolarGrid's way.", (Content(dict[str, object]),), 202, (REGION, REASON, ATTEMPTS))

SENT_ON = (
    "invalid_parameter",
    "model_not_found",
    "no_eligible_region",
    "overloaded",
    "router_busy",
    "nodes_unreachable",
)
ARRIVING = ("body_too_slow", "body_too_large")


def posts(routing: Sequence[Parameter]) -> tuple[Operation, ...]:
    """Those that are sent on, of which each may say where to, with the parameters *routing*."""
    return tuple(_posted(path, about, routing) for path, about in PATHS.items())


def _posted(path: str, about: Path, routing: Sequence[Parameter]) -> Operation:
    is_form = about.body is Body.FORM
    return Operation(
        path.removeprefix("/v1/").replace("/", "_"),
        "POST",
        path,
        "As the node has it, which is found and asked",
        "inference",
        (RELAYED, REFERRED, REFUSED, *((BEGUN,) if is_form else ())),
        (*routing, MODE, *(Parameter(name, "As the node has it.") for name in about.query)),
        Content(Asked, FORM if is_form else JSON),
        (*SENT_ON, *ARRIVING, *(("unsupported_media_type",) if is_form else ())),
    )


SHOW_JOB = Operation(
    "transcription_job",
    "GET",
    "/v1/audio/transcriptions",
    "How a job stands, at the node that has it",
    "inference",
    (RELAYED, BEGUN, REFUSED),
    (Parameter("job_id", "Which one.", required=True),),
    codes=("invalid_parameter", "job_not_found", "router_busy", "nodes_unreachable"),
)
VOICES = Operation(
    "voices",
    "GET",
    "/v1/audio/voices",
    "Whose voices there are, at a node that has them",
    "inference",
    (RELAYED, REFUSED),
    (Parameter("model", "Only this one's."),),
    codes=SENT_ON,
)
