"""Requests made of a process's own document, sent to it, and what was wrong with the answers."""

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass, field

import schemathesis
from schemathesis import engine
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

WELL_SAID = {
    "rtt_refused": "a round trip may be well told and not be believed",
    "unsupported_parameter": "two members may each be allowed and contradict each other",
    "lat": "goes with lon, which OpenAPI has no words for",
    "lon": "goes with lat",
    "rtts": "names each region once",
    "stream": "excludes sync",
    "start_date": "may not be after end_date",
}
"""Problem, or parameter at fault → why a request that the document allows may end in it."""

KEPT_OPEN = {"/v1/models/load", "/v1/models/unload", "/v1/models/unload-all"}
"""Paths that are also the path of a model so called, to be shown with GET, which Allow tells of."""


REFERRED = 307
"""The node says what is wrong with a body; a router that refers its client there has not judged it."""

UNKNOWN_HEADER = "x-schemathesis-unknown-property"


@schemathesis.check
def takes_what_it_says_it_takes(ctx, response, case):
    """Schemathesis' own check of that name, but for what is excused."""
    problem = response.json() if "problem+json" in str(response.headers.get("content-type")) else {}
    if WELL_SAID.keys() & {problem.get("code"), problem.get("error", {}).get("param")}:
        return None
    return CHECKS.get_one("positive_data_acceptance")(ctx, response, case)


@schemathesis.check
def tells_the_methods_that_there_are(ctx, response, case):
    """Likewise."""
    if case.operation.path in KEPT_OPEN:
        return None
    return CHECKS.get_one("allow_header_conformance")(ctx, response, case)


@schemathesis.check
def refuses_what_it_does_not_take(ctx, response, case):
    """Likewise. Headers that nobody knows are nobody's fault: proxies and browsers add theirs."""
    if UNKNOWN_HEADER in (case.headers or {}) or response.status_code == REFERRED:
        return None
    return CHECKS.get_one("negative_data_rejection")(ctx, response, case)


@dataclass
class Findings:
    """What came of it."""

    cases: int = 0
    wrong: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)


def fetched(url):
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=5) as answer:
        return json.load(answer)


def campaign(url, document, examples, **headers):
    """Try all of *document*, with so many *examples* of each operation beside the systematic ones."""
    found = Findings()
    for event in engine.from_schema(_schema(url, document, examples, headers)).execute():
        match event:
            case events.ScenarioFinished():
                _note(found, event.recorder)
            case events.NonFatalError() | events.FatalError():
                found.wrong.append(str(event))
            case _:
                pass
    return found


def _schema(url, document, examples, headers):
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig(seed=6))
    config = schema.config
    config.update(base_url=url, headers=headers, continue_on_failure=True, request_timeout=20)
    config.generation.update(max_examples=examples, deterministic=True, database="none")
    config.phases.stateful.enabled = False
    config.checks.positive_data_acceptance.enabled = False
    config.checks.allow_header_conformance.enabled = False
    config.checks.negative_data_rejection.enabled = False
    config.checks.negative_data_rejection.expected_statuses = ["4xx", "503"]
    config.checks.not_a_server_error.expected_statuses = ["2xx", "3xx", "4xx", "503"]
    return schema


def _note(found, recorder):
    found.cases += len(recorder.cases)
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            found.statuses[recorder.label, interaction.response.status_code] += 1
    for name, checks in recorder.checks.items():
        for info in (check.failure_info for check in checks if check.failure_info is not None):
            answer = recorder.interactions[name].response
            said = answer.text[:400] if answer is not None else "nothing"
            found.wrong.append(f"{recorder.label}: {info.failure.message}\n{info.code_sample}\n{said}")
