"""Keys and accounts of a node as its operator has it: a process, its signals, and its sudden death."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.agent.keys import KEY, OTHER, bearer, entry, keys_file
from tests.agent.process import chat, started
from tests.agent.scenes import MODEL

SCRIPT = Path(__file__).parents[2] / "e2e/js/keys.mjs"
POOR = "pg_poorpoorpoorpoorpoorpoor"


def ask(node, path, key=KEY, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {**bearer(key), "Content-Type": "application/json"}
    request = urllib.request.Request(node.url + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, json.load(exc)


def until(claim):
    deadline = time.monotonic() + 5
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def requests(node):
    return ask(node, "/v1/usage")[1]["usage"]["total_requests"]


def test_a_killed_node_forgets_nothing_that_it_has_told(tmp_path):
    options = ["--engine", "echo", "--keys", str(keys_file(tmp_path, entry())), "--state", str(tmp_path / "state")]
    with started(*options, ready=False) as node:
        for _ in range(20):
            assert ask(node, "/v1/chat/completions", body=chat())[0] == 200
        until(lambda: requests(node) == 20)  # the last one is billed once it has been sent
        node.signal(signal.SIGKILL)
        node.wait()
    with started(*options, ready=False) as node:
        assert requests(node) == 20


def test_keys_are_read_again_on_sighup_and_nobody_is_cut_off(tmp_path):
    file = keys_file(tmp_path, entry())
    with started("--engine", "echo", "--keys", str(file), "--state", str(tmp_path / "state"), ready=False) as node:
        keys_file(tmp_path, entry(), entry(OTHER, "other"))
        assert ask(node, "/v1/models", OTHER)[0] == 401
        node.signal(signal.SIGHUP)
        until(lambda: ask(node, "/v1/models", OTHER)[0] == 200)
        file.write_text("keys: nonsense")
        node.signal(signal.SIGHUP)
        assert ask(node, "/v1/models", KEY)[0] == 200
        assert node.process.poll() is None


def test_openais_javascript_client_throws_the_class_that_fits(tmp_path):
    file = keys_file(tmp_path, entry(models=["another"]), entry(OTHER, "rare", rate=1), entry(POOR, "poor", budget=0))
    with started("--engine", "echo", "--keys", str(file), "--state", str(tmp_path / "state"), ready=False) as node:

        def thrown(key):
            command = ["node", str(SCRIPT), f"{node.url}/v1", key, MODEL]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()

        assert thrown("pg_wrong") == "AuthenticationError 401 unauthorized"
        assert thrown(KEY) == "PermissionDeniedError 403 forbidden"
        assert [thrown(OTHER), thrown(OTHER)] == ["served", "RateLimitError 429 rate_limited"]
        assert thrown(POOR) == "APIError 402 budget_spent"


def test_with_keys_a_node_may_listen_anywhere_and_without_them_it_must_be_told(tmp_path):
    options = ["--engine", "echo", "--host", "0.0.0.0", "--state", str(tmp_path / "state")]
    with started(*options, "--keys", str(keys_file(tmp_path, entry())), ready=False) as node:
        assert ask(node, "/v1/models")[0] == 200
        assert ask(node, "/v1/models", OTHER)[0] == 401
