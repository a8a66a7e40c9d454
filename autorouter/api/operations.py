"""All that the router can be asked for, in one table: routing, checks and ``/openapi.json`` are made of it.

To add an operation: its entry here, in `INTERFACE` too, and the line in `site` that binds a handler to it.
"""

from typing import Annotated, Literal

from pydantic import Field

from autorouter.api.onward import operations as onward
from autorouter.api.problems import PROBLEMS
from autorouter.core.countries import ALL
from autorouter.core.fleet import Tier
from autorouter.core.query import Priority
from autorouter.wire.fleet import EndpointsAnswer, ModelOffered, ModelsAnswer, RegionsAnswer
from autorouter.wire.header import CACHE, REQUEST_ID, TAG, Header
from autorouter.wire.health import Readiness
from autorouter.wire.operation import TEXT, Answer, Content, Interface, Operation, Parameter
from autorouter.wire.route import ExplainedAnswer, RouteAnswer
from autorouter.wire.sample import RttAnswer, RttReport

MODEL = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

CountryCode = Annotated[str, Field(json_schema_extra={"enum": [*sorted(ALL)]})]
ModelId = Annotated[str, Field(pattern=MODEL)]
RegionId = Annotated[str, Field(pattern=r"^[^,]*[^,\s][^,]*$")]

KNOWN_TAG = Parameter("If-None-Match", "An `ETag` that is known already.", where="header")

UNCHANGED = Answer("What `If-None-Match` names still holds.", status=304, headers=(TAG,))

ROUTE = Operation(
    "route",
    "GET",
    "/v1/route",
    "Where to go, for how long, and where else",
    "routing",
    (
        Answer(
            "The best region for whoever asks.",
            (Content(RouteAnswer | ExplainedAnswer),),
            headers=(
                TAG,
                CACHE,
                Header("X-Autorouter-Client", "Where the client was taken to be, and who said so."),
                Header("Server-Timing", "What the answer took, in parts."),
            ),
        ),
        UNCHANGED,
    ),
    (
        Parameter("model", "Must be had on one node with the others that are named.", ModelId, most=16),
        Parameter(
            "scope",
            "`country`: one's own country first; `global`. Anything else counts as `country`.",
            examples=("global",),
        ),
        Parameter("residency", "Only these countries may see the data.", CountryCode, listed=True),
        Parameter("budget_ms", "Longest time to start that is acceptable.", Annotated[float, Field(gt=0, le=60_000)]),
        Parameter("tier", "Only these.", Tier, listed=True),
        Parameter("only", "Only these regions, by id or alias.", RegionId, listed=True),
        Parameter("exclude", "None of these regions, by id or alias.", RegionId, listed=True),
        Parameter("previous", "The region where the client is, by id or alias.", RegionId),
        Parameter(
            "concurrency", "How many ordinary clients this one weighs.", Annotated[int, Field(ge=1, le=10_000)]
        ),
        Parameter("priority", "`batch` leaves room for conversations.", Priority),
        Parameter("lat", "Where the client is, with `lon`.", Annotated[float, Field(ge=-90, le=90)]),
        Parameter("lon", "Where the client is, with `lat`.", Annotated[float, Field(ge=-180, le=180)]),
        Parameter("explain", "Why the answer is what it is.", Literal["0", "1", "true", "false"]),
        KNOWN_TAG,
    ),
    codes=("invalid_parameter", "model_not_found", "no_eligible_region", "overloaded"),
)

RTT = Operation(
    "report_rtt",
    "POST",
    "/v1/rtt",
    "Round trips that a client measured itself",
    "routing",
    (Answer("At least one was taken.", (Content(RttAnswer),), 202),),
    body=Content(RttReport),
    codes=("invalid_body", "body_too_slow", "body_too_large", "rtt_refused"),
)

SENT_ON = onward.posts([each for each in ROUTE.query.values() if each.name not in {"model", "explain"}])

REGIONS = Operation(
    "regions",
    "GET",
    "/v1/regions",
    "Every region: what is configured, what is seen",
    "fleet",
    (Answer("All of them.", (Content(RegionsAnswer),)),),
)

MODELS = Operation(
    "models",
    "GET",
    "/v1/models",
    "Every model that exists, in OpenAI's list shape",
    "fleet",
    (Answer("All of them.", (Content(ModelsAnswer),)),),
)

NAMED = Parameter("model", "Its name.", where="path", required=True)

SHOW_MODEL = Operation(
    "model",
    "GET",
    "/v1/models/{model}",
    "One model, with the regions where it can be had",
    "fleet",
    (Answer("It.", (Content(ModelOffered),)),),
    (NAMED,),
    codes=("model_not_found",),
)

ENDPOINTS = Operation(
    "model_endpoints",
    "GET",
    "/v1/models/{model}/endpoints",
    "Where one model is, how full each node is, and how fast it was of late",
    "fleet",
    (Answer("Every node that knows it.", (Content(EndpointsAnswer),)),),
    (NAMED,),
    codes=("model_not_found",),
)

LIVE = Operation("livez", "GET", "/livez", "The process runs", "health", (Answer("It does.", (Content(str, TEXT),)),))

READY = Operation(
    "readyz",
    "GET",
    "/readyz",
    "Whether the router is fit to answer: every node was looked at, and the news is fresh",
    "health",
    (
        Answer("It is.", (Content(str, TEXT), Content(Readiness))),
        Answer("It is not.", (Content(str, TEXT), Content(Readiness)), 503),
    ),
    (Parameter("verbose", "Tells what is missing, as JSON.", examples=("",)),),
    codes=("invalid_parameter",),
)

METRICS = Operation(
    "metrics", "GET", "/metrics", "Everything counted", "health", (Answer("For Prometheus.", (Content(str, TEXT),)),)
)

DOCUMENT = Operation(
    "openapi",
    "GET",
    "/openapi.json",
    "This document",
    "health",
    (Answer("OpenAPI 3.1.", (Content(dict[str, object]),), headers=(TAG, CACHE)), UNCHANGED),
    (KNOWN_TAG,),
)

INTERFACE = Interface(
    "autorouter",
    "Sends each client of edge inference to the region that will start answering it first.",
    (
        ROUTE,
        RTT,
        *SENT_ON,
        onward.SHOW_JOB,
        onward.VOICES,
        REGIONS,
        MODELS,
        SHOW_MODEL,
        ENDPOINTS,
        LIVE,
        READY,
        METRICS,
        DOCUMENT,
    ),
    PROBLEMS,
    always=("bad_request", "unknown_parameter", "internal_error"),
    headers=(REQUEST_ID,),
)
