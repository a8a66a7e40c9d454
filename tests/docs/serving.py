"""What `autorouter` and `node-agent` are to the pages: themselves, but that who serves does so in the background.

On a free port and, if it is a node, with the engine that has no models; the command returns once it listens.
Run as ``python serving.py PROGRAM serve …`` by a command of the program's name that comes first on a page's PATH.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE_S = 20.0

MORE = {
    "autorouter": ["--port", "0"],
    "node-agent": ["--port", "0", "--host", "127.0.0.1", "--engine", "echo"],
}


def main(program, *words):
    """Start it, in the place of the page's former one, and wait until it listens."""
    _end(Path(f".{program}.pid"))
    with tempfile.NamedTemporaryFile("w", prefix="served-", suffix=".log", delete=False) as log:
        command = [Path(sys.executable).parent / program, *words, *MORE[program]]
        process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    Path(f".{program}.pid").write_text(str(process.pid))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if '"listening"' in Path(log.name).read_text():
            return 0
        time.sleep(0.05)
    print(Path(log.name).read_text(), end="", file=sys.stderr)
    return process.poll() or 1


def _end(file):
    """What a reader does before starting it again."""
    if not file.exists():
        return
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(int(file.read_text()), signal.SIGTERM)
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
