"""Chat templates: Jinja out of a model's own metadata, run in a sandbox.

They come with models as they come from the world: a template can loop and compute, and cannot reach anything.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from node_agent.core.chat import Message
from node_agent.core.errors import ConfigError
from node_agent.engines import gguf
from node_agent.engines.controls import defused, pattern_of

LARGEST_FILE = 1 << 20
"""Bytes of a template, or of a tokenizer's configuration that holds one."""


NO_TOKENS = pattern_of(())

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
    controls: re.Pattern[str] = NO_TOKENS
    """What is no text, and does not come from anybody's message."""

    def render(self, messages: Iterable[Message]) -> str:
        """The text after which the model's turn begins. Raises `TemplateError`."""
        said = [{"role": str(message.role), "content": defused(message.text, self.controls)} for message in messages]
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
    return replace(_compiled(told["tokenizer.chat_template"]), controls=pattern_of(gguf.controls(place)))


def _of_tokenizer(told: dict[str, Any]) -> Template:
    """Hugging Face's: one template, or a list of named ones of which ``default`` counts."""
    source = told["chat_template"]
    if isinstance(source, list):
        source = next(each["template"] for each in source if each["name"] == "default")
    template = _compiled(str(source), _token(told.get("bos_token")), _token(told.get("eos_token")))
    return replace(template, controls=pattern_of(_special(told)))


def _special(told: dict[str, Any]) -> set[str]:
    """Tokens that are no text, as far as they are told."""
    named = {_token(told.get(name)) for name in ("bos_token", "eos_token", "pad_token")}
    added = {each["content"] for each in told.get("added_tokens_decoder", {}).values() if each.get("special")}
    return {*named, *added} - {""}


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
