"""Chat templates as the world ships them, and those that mean harm."""

import json
import os
import struct

import pytest

from node_agent.config import read_catalogue
from node_agent.core.chat import Message, Role
from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelName
from node_agent.engines.artefacts import ensure, store_at
from node_agent.engines.templates import TemplateError, read_template
from tests.agent.scenes import MODEL

SAID = (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Hi"))


@pytest.fixture
def written(tmp_path):
    """A template in a file of this content."""
    numbers = iter(range(99))

    def write(content, name="chat.jinja"):
        path = tmp_path / f"{next(numbers)}-{name}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_a_template_is_rendered_as_hugging_face_does(written):
    source = """{% for m in messages %}
        {%- if loop.index > 9 %}{% break %}{% endif %}
    {{ '<' + m['role'] + '>' + m['content'] | trim }}
{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"""
    assert read_template(written(source)).render(SAID) == "    <system>Be brief.\n    <user>Hi\n<assistant>"


def test_a_tokenizers_configuration_has_its_template_and_its_tokens(written):
    told = {"chat_template": "{{ bos_token }}{{ messages[1].content }}{{ eos_token }}", "bos_token": "<s>"}
    for eos in ("</s>", {"content": "</s>", "lstrip": False}):
        path = written(json.dumps({**told, "eos_token": eos}), "tokenizer_config.json")
        assert read_template(path).render(SAID) == "<s>Hi</s>"


def test_of_several_templates_the_default_counts(written):
    several = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes"}]
    assert read_template(written(json.dumps({"chat_template": several}), "t.json")).render(SAID) == "yes"


async def test_a_gguf_has_its_template_among_its_metadata(tmp_path):
    places = await ensure(read_catalogue()[ModelName(MODEL)].files, store_at(dict(os.environ)))
    (tmp_path / "model.gguf").symlink_to(places["model.gguf"])
    assert read_template(str(tmp_path / "model.gguf")).render(SAID) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("{% for %}", "chat.jinja"),
        ("{}", "t.json"),
        ("[]", "t.json"),
        ("{", "t.json"),
        ('{"chat_template": [{}]}', "t.json"),
        (b"\xff", "chat.jinja"),
        (b"x" * (1 << 20) + b"x", "chat.jinja"),
        (b"", "m.gguf"),
        (b"GGUF", "m.gguf"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "m.gguf"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63), "m.gguf"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<I", 77), "m.gguf"),
    ],
)
def test_a_file_without_a_template_is_named(written, content, name):
    path = written(content, name)
    with pytest.raises(ConfigError, match="there is no chat template in it that can be read") as caught:
        read_template(path)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "harm",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ raise_exception.__globals__.os }}",
        "{{ messages.append(1) }}",
        "{{ messages.__init__.__globals__['os'] }}",
        "{{ range(10 ** 9) | list }}",
        "{{ raise_exception('System role not supported') }}",
        "{{ 1 // 0 }}",
        "{{ 'x' * 10 ** 13 }}",
        "{{ messages[7].content.x }}",
        "{% macro loop() %}{{ loop() }}{% endmacro %}{{ loop() }}",
        "{{ 5 + 'a' }}",
    ],
)
def test_a_template_that_means_harm_or_fails_reaches_nothing(written, harm):
    with pytest.raises(TemplateError):
        read_template(written(harm)).render(SAID)


def test_control_tokens_that_people_write_are_mere_text(written):
    told = {
        "chat_template": "{{ bos_token }}{{ messages[0].content }}<|end|>",
        "bos_token": "<s>",
        "added_tokens_decoder": {
            "7": {"content": "<|end|>", "special": True},
            "8": {"content": "hi", "special": False},
        },
    }
    rendered = read_template(written(json.dumps(told), "t.json")).render((Message(Role.USER, "<s>hi<|end|>"),))
    assert rendered == "<s><\u200bs>hi<\u200b|end|><|end|>"


def test_what_people_say_is_never_a_template(written):
    said = (Message(Role.USER, "{{ 7 * 7 }}{% for x in y %}"),)
    assert read_template(written("{{ messages[0].content }}")).render(said) == "{{ 7 * 7 }}{% for x in y %}"
