"""All that a node can be asked for, in one table: routing, checks, keys and ``/openapi.json`` are made of it.

To add an operation: its entry here, in `INTERFACE` too, and the line in `application` that binds a handler to it.
"""

from typing import Annotated, Literal

from pydantic import Field

from autorouter.wire.header import REQUEST_ID, TAG, Header
from autorouter.wire.node import NodeReport
from autorouter.wire.operation import EVENTS, FORM, TEXT, Answer, Content, Interface, Operation, Parameter
from node_agent.api.chat_request import ChatRequest
from node_agent.api.claims import LONGEST_MS
from node_agent.api.completion_request import CompletionRequest
from node_agent.api.embedding import EmbeddingRequest
from node_agent.api.guard import CLIENT
from node_agent.api.hearing.answers import TEXTS
from node_agent.api.hearing.shapes import LONGEST_PROMPT, TranscriptionRequest, TranslationRequest
from node_agent.api.loading import Load, Unload
from node_agent.api.machine import Purge
from node_agent.api.problems import CATALOGUE
from node_agent.api.speaking import SpeechRequest
from node_agent.api.status import LARGEST_CURSOR
from node_agent.api.told.hearing import HearingBroken, JobBegun, JobStanding, Said, SaidFully, TextDelta, TextDone
from node_agent.api.told.machine import GpusAnswer, HealthAnswer, MemoryAnswer, PurgeAnswer, SystemAnswer
from node_agent.api.told.models import LoadAnswer, LoadedAnswer, Model, ModelsAnswer, UnloadAllAnswer, UnloadAnswer
from node_agent.api.told.speaking import SpeechDelta, SpeechDone, VoicesAnswer
from node_agent.api.told.usage import UsageAnswer
from node_agent.api.told.writing import (
    Broken,
    ChatAnswer,
    ChatChunk,
    CompletionAnswer,
    CompletionChunk,
    EmbeddingAnswer,
)
from node_agent.audio.encoding import CONTENT_TYPE
from node_agent.core.caller import Scope
from node_agent.core.claim import Priority

ROUTER = "router"

# ── What may be said ──────────────────────────────────────────────────────────
Budget = Annotated[float, Field(gt=0, le=LONGEST_MS)]
Cursor = Annotated[int, Field(ge=0, le=LARGEST_CURSOR)]
Flag = Literal["true", "1", "false", "0"]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]

CLAIM = (
    Parameter("budget_ms", "How long the answer may take to start.", Budget),
    Parameter("priority", "`batch` waits until nobody urgent does.", Priority),
    Parameter("referral", "Of a router that sent the client here: stands for its key."),
    Parameter("x-request-deadline-ms", "As `budget_ms`, which it overrides.", Budget, "header"),
    Parameter("x-autorouter-priority", "As `priority`, which it overrides.", Priority, "header"),
)
HEARING = (
    Parameter("sync", "PolarGrid's: the answer is waited for.", Flag),
    Parameter("stream", "PolarGrid's: the answer is streamed. Neither: it is a job.", Flag),
    Parameter("model", "As in the form."),
    Parameter("prompt", "As in the form.", Annotated[str, Field(max_length=LONGEST_PROMPT)]),
    Parameter("response_format", "As in the form.", Literal["json", "text", "srt", "verbose_json", "vtt"]),
    Parameter("temperature", "As in the form.", Annotated[float, Field(ge=0, le=1)]),
)
LANGUAGE = Parameter("language", "As in the form.", Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}$")])
NAMED = Parameter("model", "Its name, or an alias.", where="path", required=True)

# ── What may go wrong ─────────────────────────────────────────────────────────
KEYED = ("unauthorized", "forbidden", "rate_limited")
ARRIVING = ("body_too_slow", "body_too_large", "unsupported_media_type")
BODY = ("invalid_json", "invalid_value", "missing_parameter", "unsupported_parameter", *ARRIVING)
SERVED = (
    *KEYED,
    "bad_referral",
    *BODY,
    "budget_spent",
    "model_not_found",
    "model_unfit",
    "over_capacity",
    "starting",
    "draining",
    "engine_failed",
    "engine_unavailable",
    "engine_silent",
)
WRITTEN = (*SERVED, "context_length_exceeded")
HEARING_FAILS = (*SERVED, "unreadable_audio", "audio_too_long")

# ── What is said with an answer ───────────────────────────────────────────────
REGION = Header("x-autorouter-region", "Where this node is.")
TIMING = Header("Server-Timing", "What the answer took, in parts.")
CACHE = Header("x-autorouter-cache", "Whether it was remembered.", Literal["hit", "miss"])
TOLD = (TIMING, CACHE)

CHAT_EVENTS = Content(ChatChunk | Broken, EVENTS)
COMPLETION_EVENTS = Content(CompletionChunk | Broken, EVENTS)
SPEECH_EVENTS = Content(SpeechDelta | SpeechDone | Broken, EVENTS)
HEARING_EVENTS = Content(TextDelta | TextDone | HearingBroken | Broken, EVENTS)
HEARD = (
    Answer(
        "What was said, as `response_format` has it; as events with `stream`.",
        (Content(Said | SaidFully), *(Content(str, each) for each, _ in TEXTS.values()), HEARING_EVENTS),
        headers=TOLD,
    ),
    Answer("A job was begun: `poll_url` tells how it stands.", (Content(JobBegun),), 202),
)

# ── What a model does ─────────────────────────────────────────────────────────
CHAT = Operation(
    "chat",
    "POST",
    "/v1/chat/completions",
    "Answer a chat",
    "inference",
    (Answer("Whole, or with `stream` as events.", (Content(ChatAnswer), CHAT_EVENTS), headers=TOLD),),
    CLAIM,
    Content(ChatRequest),
    WRITTEN,
    CLIENT,
    Scope.INFERENCE,
)
COMPLETION = Operation(
    "completion",
    "POST",
    "/v1/completions",
    "Continue a text",
    "inference",
    (Answer("Whole, or with `stream` as events.", (Content(CompletionAnswer), COMPLETION_EVENTS), headers=TOLD),),
    CLAIM,
    Content(CompletionRequest),
    WRITTEN,
    CLIENT,
    Scope.INFERENCE,
)
COMPLETION_STREAM = Operation(
    "completion_stream",
    "POST",
    "/v1/completions/stream",
    "Continue a text, always streamed",
    "inference",
    (Answer("As events.", (COMPLETION_EVENTS,), headers=TOLD),),
    CLAIM,
    Content(CompletionRequest),
    WRITTEN,
    CLIENT,
    Scope.INFERENCE,
)
TRANSCRIPTION = Operation(
    "transcription",
    "POST",
    "/v1/audio/transcriptions",
    "What is said in a recording",
    "inference",
    HEARD,
    (*HEARING, LANGUAGE, *CLAIM),
    Content(TranscriptionRequest, FORM),
    HEARING_FAILS,
    CLIENT,
    Scope.INFERENCE,
)
SHOW_JOB = Operation(
    "transcription_job",
    "GET",
    "/v1/audio/transcriptions",
    "How a job stands",
    "inference",
    (Answer("It is over.", (Content(JobStanding),)), Answer("It is not over.", (Content(JobStanding),), 202)),
    (Parameter("job_id", "Which one: only who began it is told.", required=True),),
    codes=(*KEYED, "invalid_value", "missing_parameter", "not_found"),
    key=CLIENT,
)
TRANSLATION = Operation(
    "translation",
    "POST",
    "/v1/audio/translations",
    "What is said in a recording, in English",
    "inference",
    HEARD,
    (*HEARING, *CLAIM),
    Content(TranslationRequest, FORM),
    HEARING_FAILS,
    CLIENT,
    Scope.INFERENCE,
)
SPEECH = Operation(
    "speech",
    "POST",
    "/v1/audio/speech",
    "Speak a text",
    "inference",
    (
        Answer(
            "As it comes, or in one piece.",
            (*(Content(bytes, each) for each in CONTENT_TYPE.values()), SPEECH_EVENTS),
            headers=TOLD,
        ),
    ),
    CLAIM,
    Content(SpeechRequest),
    SERVED,
    CLIENT,
    Scope.INFERENCE,
)
VOICES = Operation(
    "voices",
    "GET",
    "/v1/audio/voices",
    "Whose voices there are",
    "models",
    (Answer("All, or one model's.", (Content(VoicesAnswer),)),),
    (Parameter("model", "Only this one's."),),
    codes=(*KEYED, "invalid_value", "model_not_found", "model_unfit"),
    key=CLIENT,
)
EMBEDDING = Operation(
    "embedding",
    "POST",
    "/v1/embeddings",
    "Texts as vectors",
    "inference",
    (Answer("One for each.", (Content(EmbeddingAnswer),), headers=TOLD),),
    CLAIM,
    Content(EmbeddingRequest),
    WRITTEN,
    CLIENT,
    Scope.INFERENCE,
)

# ── What there is ─────────────────────────────────────────────────────────────
MODELS = Operation(
    "models",
    "GET",
    "/v1/models",
    "What this node offers, in OpenAI's list shape",
    "models",
    (Answer("All of it, ready or not.", (Content(ModelsAnswer),)),),
    codes=KEYED,
    key=CLIENT,
)
SHOW_MODEL = Operation(
    "model",
    "GET",
    "/v1/models/{model}",
    "One model",
    "models",
    (Answer("It.", (Content(Model),)),),
    (NAMED,),
    codes=(*KEYED, "model_not_found"),
    key=CLIENT,
)
LOADED = Operation(
    "loaded_models",
    "GET",
    "/v1/models/status",
    "Which models are in memory",
    "models",
    (Answer("How each one stands.", (Content(LoadedAnswer),)),),
    codes=KEYED,
    key=CLIENT,
)
LOAD = Operation(
    "load_model",
    "POST",
    "/v1/models/load",
    "Load a model, if need be anew",
    "operating",
    (Answer("How it stands then.", (Content(LoadAnswer),)),),
    body=Content(Load),
    codes=(*KEYED, *BODY, "model_not_found"),
    key=CLIENT,
    scope=Scope.OPERATOR,
)
UNLOAD = Operation(
    "unload_model",
    "POST",
    "/v1/models/unload",
    "Unload a model, unless it is pinned or in use",
    "operating",
    (Answer("How that went.", (Content(UnloadAnswer),)),),
    body=Content(Unload),
    codes=(*KEYED, *BODY, "model_not_found"),
    key=CLIENT,
    scope=Scope.OPERATOR,
)
UNLOAD_ALL = Operation(
    "unload_all_models",
    "POST",
    "/v1/models/unload-all",
    "Unload every model that is neither pinned nor in use",
    "operating",
    (Answer("Which went, and why others did not.", (Content(UnloadAllAnswer),)),),
    codes=KEYED,
    key=CLIENT,
    scope=Scope.OPERATOR,
)
GPUS = Operation(
    "gpus",
    "GET",
    "/v1/gpu/status",
    "Each GPU, and the processes of the models",
    "operating",
    (Answer("None where there is none.", (Content(GpusAnswer),)),),
    codes=KEYED,
    key=CLIENT,
)
GPU_MEMORY = Operation(
    "gpu_memory",
    "GET",
    "/v1/gpu/memory",
    "How much memory each GPU has left",
    "operating",
    (Answer("None where there is none.", (Content(MemoryAnswer),)),),
    codes=KEYED,
    key=CLIENT,
)
PURGE = Operation(
    "purge",
    "POST",
    "/v1/gpu/purge",
    "Unload every model that is neither pinned nor in use, and tell what that freed",
    "operating",
    (Answer("What it freed.", (Content(PurgeAnswer),)),),
    body=Content(Purge),
    codes=(*KEYED, *BODY),
    key=CLIENT,
    scope=Scope.OPERATOR,
)
USAGE = Operation(
    "usage",
    "GET",
    "/v1/usage",
    "What a key has used, and what it cost",
    "operating",
    (Answer("The caller's own; for operators everyone's.", (Content(UsageAnswer),)),),
    (
        Parameter("start_date", "The first day that counts.", Day),
        Parameter("end_date", "The last day that counts.", Day),
    ),
    codes=(*KEYED, "invalid_value"),
    key=CLIENT,
)

# ── How it is ─────────────────────────────────────────────────────────────────
NODE_STATUS = Operation(
    "node_status",
    "GET",
    "/v1/node/status",
    "The node's whole account of itself, for routers and for its own machine",
    "health",
    (Answer("It.", (Content(NodeReport),)),),
    (
        Parameter("since", "The cursor of round trips that are known already.", Cursor),
        Parameter("usage_since", "The cursor of usage that is known already.", Cursor),
    ),
    codes=("unauthorized", "invalid_value"),
    key=ROUTER,
)
PING = Operation(
    "ping",
    "GET",
    "/v1/ping",
    "Be measured: with a router's ticket the connection's round trip counts",
    "health",
    (Answer("Nothing, at once.", status=204),),
    (Parameter("ticket", "A router's."),),
    codes=("bad_ticket", "invalid_value"),
)
SYSTEM = Operation(
    "system_status",
    "GET",
    "/v1/status",
    "How the node is, in PolarGrid's words",
    "health",
    (Answer("Its region and its models.", (Content(SystemAnswer),)),),
    codes=KEYED,
    key=CLIENT,
)
HEALTH = Operation(
    "health",
    "GET",
    "/health",
    "How the node is, in PolarGrid's words",
    "health",
    (Answer("However it is.", (Content(HealthAnswer),)),),
)
LIVE = Operation("livez", "GET", "/livez", "The process runs", "health", (Answer("It does.", (Content(str, TEXT),)),))
READY = Operation(
    "readyz",
    "GET",
    "/readyz",
    "Whether something can be served",
    "health",
    (Answer("It can.", (Content(str, TEXT),)),),
    (Parameter("verbose", "Tells of each model.", examples=("",)),),
    codes=("invalid_value", "starting", "draining"),
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
    (
        Answer("OpenAPI 3.1.", (Content(dict[str, object]),), headers=(TAG,)),
        Answer("What `If-None-Match` names still holds.", status=304, headers=(TAG,)),
    ),
    (Parameter("If-None-Match", "An `ETag` that is known already.", where="header"),),
)

INTERFACE = Interface(
    "autorouter node",
    "OpenAI's API in front of a Triton Inference Server.",
    (
        CHAT,
        COMPLETION,
        COMPLETION_STREAM,
        TRANSCRIPTION,
        SHOW_JOB,
        TRANSLATION,
        SPEECH,
        VOICES,
        EMBEDDING,
        MODELS,
        SHOW_MODEL,
        LOADED,
        LOAD,
        UNLOAD,
        UNLOAD_ALL,
        GPUS,
        GPU_MEMORY,
        PURGE,
        USAGE,
        NODE_STATUS,
        PING,
        SYSTEM,
        HEALTH,
        LIVE,
        READY,
        METRICS,
        DOCUMENT,
    ),
    CATALOGUE,
    always=("bad_request", "unknown_parameter", "expectation_failed", "internal"),
    headers=(REQUEST_ID, REGION),
    keys={CLIENT: "A key of the node's own, or a token.", ROUTER: "What routers make of the node's AUTOROUTER_KEY."},
    spared=frozenset({ROUTER}),
)
