"""A real router and a real node against their own documents: thousands of requests, made of what each says it takes.

Every answer must be one that the document tells of: status, type, shape, headers. What the document does not allow
must be refused, what it allows must be taken, and nothing may end in a defect. The cases are the same each time.
"""

import asyncio

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.transport.serialization import Binary

from tests.agent.keys import KEY, entry, keys_file
from tests.agent.process import started
from tests.agent.sounds import wav
from tests.e2e.process import regions_yaml, router
from tests.fuzz.campaign import campaign, fetched

MODELS = {
    "ChatRequest": "smollm2-135m-instruct",
    "CompletionRequest": "smollm2-135m-instruct",
    "TranscriptionRequest": "whisper-base",
    "TranslationRequest": "whisper-base",
    "SpeechRequest": "espeak-ng",
    "EmbeddingRequest": "all-minilm-l6-v2",
}
"""Body → a model that it is for."""

schemathesis.openapi.format("recording", st.just(Binary(wav(0.5))))


@pytest.fixture
def node(tmp_path):
    keys = keys_file(tmp_path, entry(scopes=["inference", "operator"]))
    options = [option for model in sorted({*MODELS.values()}) for option in ("--model", model)]
    with started("--engine", "echo", "--keys", str(keys), "--state", str(tmp_path), *options) as node:
        yield node


def aimed_at_models(document):
    """*document*, with what only this node can know: what its models are called, and what a recording is."""
    for shape, model in MODELS.items():
        document["components"]["schemas"][shape]["properties"]["model"] = {"type": "string", "enum": [model]}
    for shape in ("TranscriptionRequest", "TranslationRequest"):
        form = document["components"]["schemas"][shape]["properties"]
        form["file"] = {"type": "string", "format": "recording"}
        form.get("language", {})["enum"] = ["en", "fr"]
    document["components"]["schemas"]["SpeechRequest"]["properties"]["voice"] = {"enum": ["alloy", {"id": "fr"}]}
    for path in ("/v1/audio/transcriptions", "/v1/audio/translations"):
        # What is said in the form and in the query must be said alike, for which OpenAPI has no words.
        operation = document["paths"][path]["post"]
        operation["parameters"] = [
            each for each in operation["parameters"] if each["description"] != "As in the form."
        ]
    document["paths"]["/v1/audio/voices"]["get"]["parameters"][0]["schema"] = {"enum": [MODELS["SpeechRequest"]]}
    return document


def aimed_at_regions(document, *regions):
    """*document*, with what only this router can know: which regions and models there are."""
    operations = [each for path in document["paths"].values() for each in path.values()]
    for parameter in (parameter for each in operations for parameter in each.get("parameters", ())):
        there = {"only": regions, "model": [MODELS["ChatRequest"]]}.get(parameter["name"])
        if there and "items" in parameter["schema"]:
            parameter["schema"]["items"] = {"enum": [*there]}
    return document


def test_a_node_does_what_its_document_says(node):
    found = campaign(node.url, aimed_at_models(fetched(node.url)), 20, Authorization=f"Bearer {KEY}")
    assert not found.wrong, "\n\n".join(found.wrong[:5])
    assert found.cases > 1000
    assert {label for (label, status) in found.statuses if status == 200} >= {
        "POST /v1/chat/completions", "POST /v1/audio/speech", "POST /v1/audio/transcriptions", "POST /v1/embeddings",
    }  # fmt: skip


async def test_a_router_does_what_its_document_says(node, tmp_path):
    config = tmp_path / "regions.yaml"
    config.write_text(regions_yaml({"yto-01": node.url}))
    async with router(config) as process:
        await process.is_up("yto-01")
        document = aimed_at_regions(await asyncio.to_thread(fetched, process.url), "yto-01")
        found = await asyncio.to_thread(campaign, process.url, document, 60)
    assert not found.wrong, "\n\n".join(found.wrong[:5])
    assert found.cases > 500
    assert found.statuses["GET /v1/route", 200] > 20
