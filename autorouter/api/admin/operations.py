"""All that the admin API can be asked for, in one table. Every one of them wants to know who asks."""

from typing import Annotated, Literal

from pydantic import Field

from autorouter.api.operations import KNOWN_TAG, UNCHANGED
from autorouter.api.problems import PROBLEMS
from autorouter.wire.admin import HeldAnswer, HoldAsked, HoldsAnswer, LiftedAnswer, TrailAnswer
from autorouter.wire.header import CACHE, REQUEST_ID, TAG
from autorouter.wire.hold import Kind, Who
from autorouter.wire.operation import Answer, Content, Interface, Operation, Parameter

KEY, SCOPE = "admin", "admin"

USUAL_NOTES, MOST_NOTES = 100, 1000

TARGET = Parameter("target", "A region, by id or alias; else a node.", where="path", required=True)
KIND = Parameter("kind", "`drain`, or `quarantine`.", Kind, where="path", required=True)

HOLDS = Operation(
    "holds",
    "GET",
    "/v1/holds",
    "What is held, by whom, until when, and why",
    "holds",
    (Answer("All that is in force.", (Content(HoldsAnswer),)),),
    key=KEY,
    scope=SCOPE,
)

HOLD = Operation(
    "hold",
    "PUT",
    "/v1/holds/{target}/{kind}",
    "Give a target no new clients; set again it replaces what the same person set",
    "holds",
    (Answer("It is kept, and in force here; elsewhere within two seconds.", (Content(HeldAnswer),)),),
    (TARGET, KIND),
    Content(HoldAsked),
    ("invalid_parameter", "invalid_body", "body_too_large", "unknown_target", "nothing_left", "holds_unavailable"),
    key=KEY,
    scope=SCOPE,
)

LIFT = Operation(
    "lift",
    "DELETE",
    "/v1/holds/{target}",
    "Take one's own holds back, or somebody's, or all",
    "holds",
    (Answer("What was taken back, and what holds it all the same.", (Content(LiftedAnswer),)),),
    (
        TARGET,
        Parameter("kind", "Those of this kind alone.", Kind),
        Parameter("by", "Whose; one's own, if not said.", Who),
        Parameter("all", "`1`: everybody's.", Literal["0", "1"]),
    ),
    codes=("invalid_parameter", "unknown_target", "holds_unavailable"),
    key=KEY,
    scope=SCOPE,
)

AUDIT = Operation(
    "audit",
    "GET",
    "/v1/audit",
    "Who tried to change what, and what came of it; the latest first",
    "holds",
    (Answer("The trail, as far as it is kept.", (Content(TrailAnswer),)),),
    (Parameter("limit", f"{USUAL_NOTES} if not said.", Annotated[int, Field(ge=1, le=MOST_NOTES)]),),
    codes=("invalid_parameter", "holds_unavailable"),
    key=KEY,
    scope=SCOPE,
)

DOCUMENT = Operation(
    "openapi",
    "GET",
    "/openapi.json",
    "This document",
    "about",
    (Answer("OpenAPI 3.1.", (Content(dict[str, object]),), headers=(TAG, CACHE)), UNCHANGED),
    (KNOWN_TAG,),
    key=KEY,
    scope=SCOPE,
)

OPERATIONS = (HOLDS, HOLD, LIFT, AUDIT, DOCUMENT)

ALWAYS = (
    "bad_request",
    "unknown_parameter",
    "internal_error",
    "unauthorized",
    "forbidden",
    "misdirected",
    "too_many_guesses",
)

INTERFACE = Interface(
    "autorouter admin",
    "What operators may change of a router.",
    OPERATIONS,
    {code: PROBLEMS[code] for code in (*ALWAYS, *(code for each in OPERATIONS for code in each.codes))},
    always=ALWAYS,
    headers=(REQUEST_ID,),
    keys={KEY: "Of the scope admin; over the unix socket none is wanted."},
)
