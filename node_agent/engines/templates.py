"""Chat templates: Jinja out of a model's own metadata, run in a sandbox.

They come with models as they come from the world: a template can loop and compute, and cannot reach anything.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from node_agent.core.chat import Message
from node_agent.core.errors import ConfigError
from node_agent.engines import gguf

LARGEST_FILE = 1 << 20
"""Bytes of a template, or of a tokenizer's configuration that holds one."""


FAILURES = (TypeError, ValueError, ArithmeticError, LookupError)
"""What Python raises for a template's own mistakes."""


class TemplateError(Exception):
    """A template raised, or tried what the sandbox forbids."""


@dataclass(frozen=True, slots=True)
class Template:
    """How one model wants a conversation to be written."""

    compiled: jinja2.Template
    bos: str = ""
    eos: str = ""

    def render(self, messages: Iterable[Message]) -> str:
        """The text after which the model's turn begins. Raises `TemplateError`."""
        said = [{"role": str(message.role), "content": message.text} for message in messages]
        try:
            return self.compiled.render(
                messages=said,
                add_generation_prompt=True,
                bos_token=self.bos,
                eos_token=self.eos,
                raise_exception=_raise,
            )
        except (jinja2.TemplateError, MemoryError, RecursionError, *FAILURES) as exc:
            raise TemplateError(str(exc)[:160]) from exc


def _raise(message: str) -> NoReturn:
    """What templates of the world call to refuse a conversation."""
    raise jinja2.TemplateError(message)


@lru_cache(maxsize=64)
def read_template(path: str) -> Template:
    """The template in a ``.gguf``, in a ``tokenizer_config.json``, or in a file of its own.

    Raises `ConfigError` naming the file.
    """
    place = Path(path)
    try:
        if place.suffix == ".gguf":
            return _of_gguf(place)
        text = _text(place)
        return _of_tokenizer(json.loads(text)) if place.suffix == ".json" else _compiled(text)
    except (OSError, ValueError, KeyError, TypeError, jinja2.TemplateError) as exc:
        raise ConfigError(f"{path}: there is no chat template in it that can be read: {exc}") from exc


def _text(place: Path) -> str:
    with place.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE} bytes")
    return content.decode()


def _of_gguf(place: Path) -> Template:
    told = gguf.strings(place)
    return _compiled(told["tokenizer.chat_template"])


def _of_tokenizer(told: dict[str, object]) -> Template:
    """Hugging Face's: one template, or a list of named ones of which ``default`` counts."""
    source = told["chat_template"]
    if isinstance(source, list):
        source = next(each["template"] for each in source if each["name"] == "default")
    return _compiled(str(source), _token(told.get("bos_token")), _token(told.get("eos_token")))


def _token(told: object) -> str:
    """A token is a string, or an object that holds it."""
    if isinstance(told, dict):
        return str(told["content"])
    return "" if told is None else str(told)


def _compiled(source: str, bos: str = "", eos: str = "") -> Template:
    """Whitespace as Hugging Face's own renderer has it."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], autoescape=False
    )
    return Template(environment.from_string(source), bos, eos)
