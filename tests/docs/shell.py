"""A shell that stays open from a page's first block to its last, so that what one sets, the next has."""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time

PATIENCE_S = 45.0
"""For one command: a model on a busy machine takes a while."""

END = "\x1eended "
"""Printed behind each command, with its exit code."""


class Shell:
    """One bash, in *folder*."""

    def __init__(self, folder, environment):
        self._folder = folder
        self._environment = environment
        self._start()

    def _start(self):
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    def run(self, command):
        """What *command* prints, on both outputs, and its exit code. Its successor finds that in ``$?``."""
        script = f"{{ {command}\n}} 2>&1 < /dev/null; _code=$?; printf '\\x1eended %d\\n' $_code; (exit $_code)\n"
        self._process.stdin.write(script.encode())
        self._process.stdin.flush()
        return self._until_end(command)

    def _until_end(self, command):
        printed, deadline = b"", time.monotonic() + PATIENCE_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while True:
                text = printed.decode(errors="replace")
                if found := re.search(rf"{END}(\d+)\n", text):
                    return text[: found.start()], int(found[1])
                assert time.monotonic() < deadline, f"`{command}` has not ended within {PATIENCE_S:g} s: {text}"
                if selector.select(0.2):
                    block = os.read(self._process.stdout.fileno(), 1 << 16)
                    if not block:
                        return text, self._ended()
                    printed += block

    def _ended(self):
        """Its exit code: ``set -e`` ends it at the first command that fails. The next block has another."""
        code = self._process.wait()
        self.close()
        self._start()
        return code

    def close(self):
        """End it, and what it has left in the background."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


def commands_in(session):
    """The commands of a console session, each with what is shown below it."""
    found, command = [], False
    for line in session.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], []])
            command = True
        elif command and (line.startswith("> ") or found[-1][0].endswith("\\")):
            found[-1][0] += "\n" + line.removeprefix("> ")
        else:
            command = False
            assert found, f"expected '$ ' before the first command, found {line!r}"
            found[-1][1].append(line)
    return [(command, "\n".join(shown)) for command, shown in found]
