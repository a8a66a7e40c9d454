"""Blocks that are no programs: JSON of a shape, and files of YAML, each read by what reads it in earnest."""

import importlib
import json
import pkgutil
import re
import tempfile
from pathlib import Path

import yaml

import autorouter.wire
from autorouter.config import load as load_regions
from autorouter.wire.base import Wire
from node_agent.config import read_catalogue
from node_agent.runtime.opaque import parse as parse_keys

CUT_SHORT = re.compile("[0-9a-f]{8}…")
"""A hash as a page shows it."""


def load_json(text, shape):
    """Parse *text*; if a *shape* is named, every member must be one of that shape's."""
    value = json.loads(text)
    if shape:
        known = _shapes()[shape].model_validate_json(text).model_dump(mode="json", by_alias=True)
        _require_within(value, known, shape)


def _shapes():
    modules = [
        importlib.import_module(f"autorouter.wire.{each.name}")
        for each in pkgutil.iter_modules(autorouter.wire.__path__)
    ]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {each.__name__: each for each in found if issubclass(each, Wire)}


def _require_within(value, known, where):
    """A tolerant reader skips what it does not know; a page must not tell of it."""
    match value:
        case dict():
            for name, each in value.items():
                assert isinstance(known, dict), f"{where} has no members"
                assert name in known, f"{where} has no {name!r}"
                _require_within(each, known[name], f"{where}.{name}")
        case list():
            for number, each in enumerate(value):
                _require_within(each, known[number], f"{where}[{number}]")


def load_yaml(text, name, regions):
    """*text* as the whole file that it is, or is a part of: what it lacks of regions.yaml the fleet's has."""
    match name:
        case "regions.yaml":
            whole = text if "\nregions:" in f"\n{text}" else _head(text) + regions[regions.index("regions:") :]
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, name)
                file.write_text(whole)
                load_regions(file)
        case "keys.yaml":
            whole = CUT_SHORT.sub(lambda found: found[0][:-1].ljust(64, "0"), text)
            parse_keys(whole, name)
        case "catalogue.yaml":
            whole = text
            read_catalogue(whole)
        case _:
            raise AssertionError(f"expected ```yaml regions.yaml, keys.yaml or catalogue.yaml, found {name!r}")
    return whole


def _head(text):
    assert set(yaml.safe_load(text)) <= {"policy", "defaults", "networks"}
    return text.rstrip() + "\n"
