"""The house is what its plan says: documented rooms, complete tables, cheap imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from autorouter.core.policies import POLICIES

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("autorouter/**/*.py"), *ROOT.glob("node_agent/**/*.py")])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/core/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_in_a_core_is_async(path):
    assert not [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.AsyncFunctionDef)]


def test_no_policy_is_orphaned():
    files = {path.stem.replace("_", "-") for path in ROOT.glob("autorouter/core/policies/*.py")} - {"--init--"}
    assert files == set(POLICIES)


def test_the_wire_shapes_load_nothing_of_the_router():
    heavy = "{'redis', 'geoip2', 'maxminddb', 'aiohttp', 'yaml'}"
    code = f"import autorouter.wire.node, sys; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
