"""Where the admin API is, and whose keys count there."""

import os
from pathlib import Path

import pytest

from autorouter.config import ConfigError
from autorouter.config.admin import admin_at, default_socket, state_folder
from autorouter.config.keys import admin_keys
from autorouter.wire.access import digest

KEY = "pg_" + "A" * 32


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("unix:/run/x.sock", "unix:/run/x.sock"),
        ("127.0.0.1:8081", "127.0.0.1:8081"),
        ("localhost:0", "localhost:0"),
        ("[::1]:8081", "[::1]:8081"),
        ("off", "off"),
    ],
)
def test_what_is_said_is_where_it_is(said, told):
    at = admin_at(said, {})
    assert str(at) == told
    assert at.chosen
    assert at.is_off is (said == "off")


@pytest.mark.parametrize(
    "said",
    ["0.0.0.0:8081", "10.0.0.1:8081", "router.example:8081", "[::]:8081", "unix:here.sock", f"unix:/{'x' * 107}",
     "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "8081", "on", "\x1b[2J:80"],
)  # fmt: skip
def test_what_others_can_reach_or_nobody_is_refused(said):
    with pytest.raises(ConfigError, match="--admin") as caught:
        admin_at(said, {})
    assert str(caught.value).isprintable()


def test_by_default_it_is_a_socket_of_this_user(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_socket({"XDG_RUNTIME_DIR": "/run/user/1000"}) == Path("/run/user/1000/autorouter/admin.sock")
    assert default_socket({"XDG_STATE_HOME": "/home/a/s"}) == Path("/home/a/s/autorouter/admin.sock")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_socket({"XDG_RUNTIME_DIR": "/x"}) == Path("/run/autorouter/admin.sock")
    assert not admin_at(None, {}).chosen


def test_state_is_where_state_is_kept():
    assert state_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/autorouter")
    assert state_folder({}) == Path("~/.local/state/autorouter").expanduser()


def keys_file(folder, *lines):
    path = folder / "admin-keys.yaml"
    path.write_text("keys:\n" + "".join(f"  - {line}\n" for line in lines))
    return path


def test_of_a_keys_file_the_keys_for_it_count(tmp_path):
    path = keys_file(
        tmp_path,
        f'{{name: "bob", scopes: ["admin"], sha256: "{digest(KEY)}"}}',
        f'{{name: "acme", sha256: "{"0" * 64}"}}',
    )
    assert [each.name for each in admin_keys(path)] == ["bob"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (('{name: "acme", sha256: "%s"}' % ("0" * 64),), "no key has the scope admin"),
        (('{name: "bob", scopes: ["amdin"], sha256: "%s"}' % ("0" * 64),), "admin-keys.yaml:2"),
        (('{name: "bob", scopes: ["admin"], sha256: "PASTED"}'.replace("PASTED", KEY),), "keys[0].sha256"),
        (('{name: "b", scopes: ["admin"], sha256: "%s"}' % ("0" * 64),) * 2, "'b' is the name of two keys"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_keys_file_is_told_and_no_key_that_is_in_it(tmp_path, lines, expected):
    with pytest.raises(ConfigError) as caught:
        admin_keys(keys_file(tmp_path, *lines))
    assert expected in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_keys_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        admin_keys(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        admin_keys(tmp_path / "x.yaml")
