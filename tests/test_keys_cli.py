"""``autorouter keys``: what it makes is what a node takes."""

import re

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from autorouter.cli import main
from autorouter.minting import key_id, private_key
from autorouter.wire.access import OPAQUE, digest
from node_agent.core.caller import Scope
from node_agent.core.errors import Denied
from node_agent.runtime.opaque import parse
from node_agent.runtime.tokens import check, trust


def run(*arguments):
    return CliRunner().invoke(main, ["keys", *map(str, arguments)])


def failed(*arguments):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


@pytest.fixture
def private(tmp_path):
    path = tmp_path / "sign.pem"
    assert run("new", path).exit_code == 0
    return path


def test_an_opaque_key_is_printed_once_and_its_line_does_not_hold_it():
    done = run(
        "mint", "acme", "--model", "NO", "--region", "yto-01", "--rate", 60, "--budget", 0, "--expires", "2027-01-31"
    )
    key = done.stdout.strip()
    assert OPAQUE.fullmatch(key)
    assert key not in done.stderr
    ((_, caller),) = parse(f"keys:\n{done.stderr}", "keys.yaml").by_start[digest(key)[:8]]
    assert (caller.name, caller.models, caller.regions, caller.rate) == ("acme", {"NO"}, {"yto-01"}, 60)
    assert (caller.budget.dollars, caller.expires, caller.scopes) == (0, 1_801_353_600, {"inference"})


def test_no_two_keys_are_the_same():
    assert len({run("mint", "acme").stdout for _ in range(20)}) == 20


def test_a_token_counts_where_its_public_key_is_known(private):
    token = run(
        "mint", "acme", "--sign", private, "--expires", "30d", "--scope", "operator", "--model", "m"
    ).stdout.strip()
    claims = check(trust(run("public", private).stdout, "jwks"), token)
    assert (claims.sub, claims.iss, claims.scopes, claims.models) == ("acme", "autorouter", ("operator",), ("m",))
    assert jwt.get_unverified_header(token)["kid"] == key_id(private_key(private))


def test_keys_are_changed_with_both_in_one_set(private, tmp_path):
    other = tmp_path / "next.pem"
    run("new", other)
    assert len(trust(run("public", private, other).stdout, "jwks")) == 2


def test_a_private_key_is_its_owners_alone_and_is_not_written_over(private):
    assert private.stat().st_mode & 0o777 == 0o600
    assert "is there already" in failed("new", private)
    assert "No such file" in failed("new", private.parent / "missing" / "x.pem")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a b"], "name: String should match pattern"),
        (["acme", "--rate", 0], "rate: Input should be greater than 0"),
        (["acme", "--budget", -1], "budget: Input should be greater than or equal to 0"),
        (["acme", "--model", "a b"], "models.0: String should match pattern"),
        (["acme", "--expires", "soon"], "--expires: expected 2027-01-31"),
        (["acme", "--expires", "9" * 30 + "d"], "--expires: expected 2027-01-31"),
        (["acme", "--expires", "2027-02-30"], "--expires: expected 2027-01-31"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, sentence):
    assert failed("mint", *arguments).startswith(sentence)


def test_a_token_must_have_an_end(private):
    assert failed("mint", "acme", "--sign", private).startswith("--sign needs --expires")


def test_what_is_no_private_key_signs_nothing(tmp_path):
    path = tmp_path / "x.pem"
    path.write_text("secret-nonsense")
    assert "private key in PEM" in failed("mint", "acme", "--sign", path, "--expires", "1d")
    assert "secret-nonsense" not in failed("public", path)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem)
    assert "expected an Ed25519 key" in failed("public", path)


def test_a_set_can_be_for_one_issuer(private):
    (trusted,) = trust(run("public", private, "--issuer", "us").stdout, "jwks").values()
    assert trusted.issuer == "us"


@pytest.mark.parametrize("command", [[], ["mint"], ["new"], ["public"]])
def test_help_shows_every_option(command):
    text = CliRunner().invoke(main, ["keys", *command, "--help"]).output
    assert not re.search(r"--[a-z-]+ [A-Z]*$", text, re.MULTILINE), "an option without words"


@pytest.mark.parametrize("when", ["2020-01-01", "0d", "2020-01-01T00:00:00Z"])
def test_a_key_that_would_never_count_is_not_made(when):
    assert f"--expires: {when} is over" in failed("mint", "acme", "--expires", when)


def test_small_amounts_are_written_as_nodes_read_them():
    line = run("mint", "acme", "--budget", "0.000001", "--rate", "0.5").stderr
    assert "budget: 0.000001" in line
    assert "rate: 0.5" in line


def test_a_key_for_the_admin_api_is_for_nothing_on_a_node():
    done = run("mint", "bob", "--scope", "admin")
    ((_, caller),) = parse(f"keys:\n{done.stderr}", "keys.yaml").by_start[digest(done.stdout.strip())[:8]]
    assert caller.scopes == {"admin"}
    for scope in (Scope.INFERENCE, Scope.OPERATOR):
        with pytest.raises(Denied):
            caller.require_scope(scope)


def test_keys_go_into_their_file_with_what_stands_there_left_alone(tmp_path):
    path = tmp_path / "keys.yaml"
    first = run("mint", "acme", "--into", path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(f"{path.read_text()}\n# of tokens\nrevoked: [a]\n")
    path.chmod(0o640)
    second = run("mint", "bob", "--into", path)
    assert path.stat().st_mode & 0o777 == 0o640
    keys = parse(path.read_text(), "keys.yaml")
    assert [keys.caller(done.stdout.strip()).name for done in (first, second)] == ["acme", "bob"]
    assert keys.revoked == {"a"}
    assert path.read_text().endswith("\n\n# of tokens\nrevoked: [a]\n")
    assert [each.name for each in tmp_path.iterdir()] == ["keys.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keys: []",
        "keys: [] # none yet\n",
        "# ours\nkeys:\n",
        "revoked: []\n",
        f'keys:\n- {{name: a, sha256: "{"0" * 64}"}}',
    ],
)
def test_a_key_finds_its_place_in_any_keys_file(tmp_path, text):
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    key = run("mint", "acme", "--into", path).stdout.strip()
    assert parse(path.read_text(), "keys.yaml").caller(key).name == "acme"


@pytest.mark.parametrize("arguments", [["a b"], ["acme", "--rate", 0]])
def test_what_cannot_be_leaves_the_keys_file_alone(tmp_path, arguments):
    path = tmp_path / "keys.yaml"
    failed("mint", *arguments, "--into", path)
    assert not path.exists()


def test_a_keys_file_that_is_written_otherwise_is_refused(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text("keys: [{}]\n")
    assert "line 1: expected 'keys:'" in failed("mint", "acme", "--into", path)
    assert path.read_text() == "keys: [{}]\n"


def test_a_name_that_a_keys_file_has_already_gets_no_second_key(tmp_path):
    path = tmp_path / "keys.yaml"
    run("mint", "acme", "--into", path)
    assert "acme" in failed("mint", "acme", "--into", path)
