"""Bad options and catalogues, each with its exact sentence."""

import pytest
from click.testing import CliRunner

from node_agent.cli import main
from node_agent.config import choose, open_catalogue, read_catalogue, read_keys, read_options
from node_agent.core.errors import ConfigError
from node_agent.core.models import FREE
from tests.agent.scenes import catalogue

GIVEN = {"region": "yto-01"}


def test_a_node_is_called_like_its_region_unless_it_is_told():
    assert read_options({**GIVEN, "node": None}).node == "yto-01"
    assert read_options({**GIVEN, "node": "yto-01-b"}).node == "yto-01-b"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"host": "0.0.0.0"}, "--host 0.0.0.0 can be reached from other machines"),
        ({"host": "example.com"}, "--host example.com can be reached from other machines"),
        ({"port": 70000}, "--port: Input should be less than or equal to 65535, found 70000"),
        ({"queue_deadline": 0}, "--queue-deadline: Input should be greater than 0, found 0"),
        ({"idle_timeout": float("nan")}, "--idle-timeout: "),
        ({"region": "yto 01"}, "--region: String should match pattern"),
        ({"triton": ""}, "--triton: String should have at least 1 character, found ''"),
        ({"slots": 0}, "--slots: Input should be greater than or equal to 1, found 0"),
        ({"engine": "tritn"}, "--engine: "),
    ],
)
def test_a_wrong_option_is_named(wrong, sentence):
    with pytest.raises(ConfigError) as caught:
        read_options({**GIVEN, **wrong})
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_leave(host):
    assert read_options({**GIVEN, "host": host}).host == host


def test_an_open_node_may_listen_anywhere():
    assert read_options({**GIVEN, "host": "0.0.0.0", "open": True}).open


def test_a_model_that_the_catalogue_lacks_is_named_with_those_it_has():
    with pytest.raises(ConfigError, match=r"--model nope: not in the catalogue, which has .*smollm2-135m-instruct"):
        choose(read_catalogue(), read_options({**GIVEN, "models": ("nope",)}))


def test_slots_on_the_command_line_win_over_the_catalogue():
    assert choose(read_catalogue(), read_options({**GIVEN, "slots": 7}))[0].slots == 7


AB = catalogue("a", "b", memory=300)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"pins": ("b",)}, "--pin b: not among the models of --model, which are a"),
        ({"memory": 299}, "--memory 299: a needs 300 MiB"),
        (
            {"models": ("a", "b"), "pins": ("b",), "memory": 500},
            "--memory 500: a needs 600 MiB beside what is pinned",
        ),
        ({"models": ("a", "b"), "pins": ("a", "b"), "memory": 500}, "--memory 500: what is pinned needs 600 MiB"),
        ({"memory": 600, "triton": "x:1"}, "--memory: models are unloaded from a Triton of the node's own only"),
    ],
)
def test_models_that_could_never_be_had_are_named(chosen, sentence):
    with pytest.raises(ConfigError) as caught:
        choose(read_catalogue(AB), read_options({**GIVEN, "models": ("a",), **chosen}))
    assert str(caught.value).startswith(sentence)


def test_what_fits_is_taken():
    chosen = read_options({**GIVEN, "models": ("a", "b"), "pins": ("b",), "memory": 600})
    assert [model.name for model in choose(read_catalogue(AB), chosen)] == ["a", "b"]


def test_a_catalogue_of_the_operators_own_is_read_and_one_that_is_not_there_is_named(tmp_path):
    place = tmp_path / "mine.yaml"
    place.write_text(AB)
    assert list(open_catalogue(place)) == ["a", "b"]
    place.write_bytes(b"\xff")
    for wrong in (place, tmp_path / "nope.yaml"):
        with pytest.raises(ConfigError) as caught:
            open_catalogue(wrong)
        assert str(caught.value).startswith(f"--catalogue {wrong}: ")
    result = CliRunner().invoke(main, ["fetch", "--catalogue", str(tmp_path / "nope.yaml")])
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("models: {m: {kind: llm, colour: red}}", "catalogue.yaml: models.m."),
        ("models: {'a b': {}}", "catalogue.yaml: models.a b"),
        ("models: [", "catalogue.yaml: "),
        ("", "catalogue.yaml: "),
    ],
)
def test_a_wrong_catalogue_is_named(text, sentence):
    with pytest.raises(ConfigError) as caught:
        read_catalogue(text)
    assert str(caught.value).startswith(sentence)


def test_whatever_clients_can_ask_for_has_a_price():
    free = [name for name, model in read_catalogue().items() if model.price == FREE]
    assert free == ["silero-vad"]


def test_a_model_name_that_cannot_be_is_one_sentence_for_fetch_too():
    result = CliRunner().invoke(main, ["fetch", "--model", "a b"])
    assert result.exit_code == 2
    assert result.output.startswith("node-agent: --models")


def test_keys_come_from_the_environment_and_need_not_be_there():
    assert read_keys({}) == ()
    one, other = "one-of-two-secrets-of-32-letters", "another-of-them-of-32-characters"
    assert [key.secret for key in read_keys({"AUTOROUTER_KEY": f"{one}, {other}"})] == [one, other]


@pytest.mark.parametrize("text", ["short", "long-enough-for-a-key-of-routers-,short"])
def test_a_short_key_is_one_sentence_that_does_not_tell_it(text):
    result = CliRunner().invoke(main, ["serve", "--region", "yto-01", "--port", "0"], env={"AUTOROUTER_KEY": text})
    assert result.exit_code == 2
    assert result.output.startswith("node-agent: AUTOROUTER_KEY: found a key that is not at least 32 ")
    assert "short" not in result.output
