"""A router that cannot be asked: each failure is a sentence that says what to do, on stderr, with exit code 2."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute
from cryptography.x509.oid import NameOID

from autorouter.cli import asking
from tests.cli.conftest import command, saying

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
COMMANDS = ["route", "explain", "regions", "models", "netcheck"]


def failed(url, *arguments):
    done = command(url, *arguments)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    return done.stderr


@pytest.fixture
def deaf():
    """Accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield "http://{}:{}".format(*server.getsockname())


@pytest.mark.parametrize("name", COMMANDS)
def test_no_router_is_a_sentence_that_says_how_to_have_one(name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = "http://{}:{}".format(*server.getsockname())
    assert failed(url, name) == (
        f"no router answers at {url} (connection refused): start one with 'autorouter serve', "
        "or name yours with --router or AUTOROUTER_URL\n"
    )


def test_the_option_counts_before_the_environment(url):
    done = command("http://127.0.0.1:1", "route", "--endpoint", "--router", f"{url}/")
    assert done.stdout == "https://api.yto-01.example\n"


def test_one_that_never_answers_is_left_in_time(deaf, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE", 0.2)
    assert failed(deaf, "route").startswith(f"{deaf} did not answer within 0.2 s: see whether it is up")


def test_one_that_answers_ever_so_slowly_is_left_in_time(monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE", 0.3)
    ended = threading.Event()

    def trickle(server):
        client, _ = server.accept()
        with client:
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.05):
                try:
                    client.sendall(b"X-More: x\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=(server,))
        thread.start()
        told = failed("http://{}:{}".format(*server.getsockname()), "route")
        ended.set()
        thread.join(5)
    assert "did not answer within" in told


def test_a_name_that_does_not_resolve_is_told():
    assert "(its name does not resolve)" in failed("http://router.invalid:8080", "route")


@pytest.mark.parametrize(
    ("body", "status", "kind", "told"),
    [
        (b"<html>hello</html>", 200, "text/html", "answers, but not as a router does (200, text/html, 18 bytes)"),
        (b"not json", 200, "application/json", "answers, but not as a router does"),
        (b"bad gateway", 502, "text/plain", "answers, but not as a router does (502, text/plain, 11 bytes)"),
        (b'{"hello": 1}', 200, "application/json", "does not answer as a router of this version does: "),
        (b"[]", 503, "application/problem+json", "does not answer as a router of this version does: "),
        (b"{}", 502, "application/json", "answers, but not as a router does (502, application/json, 2 bytes): "),
        (b"", 301, "text/html", "(301, text/html, 0 bytes); it sends elsewhere: name the router itself: "),
    ],
)
@pytest.mark.parametrize("name", ["route", "regions"])
def test_what_is_no_router_is_told(name, body, status, kind, told):
    with saying(body, status, kind) as url:
        assert told in failed(url, name)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://r",
        "http://",
        "http://h:99999",
        "http://u:p@h",
        "http://h?x=1",
        "http://[::1",
        "x",
    ],
)
def test_a_url_that_is_none_is_told_with_what_was_expected(url):
    told = failed("http://127.0.0.1:1", "route", "--router", url)
    assert told == f"--router: found {url!a}, expected http://HOST:PORT\n"


def test_what_speaks_another_protocol_is_told(deaf):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        told = failed("http://{}:{}".format(*server.getsockname()), "route")
        thread.join(5)
    assert "(what answers there does not speak HTTP)" in told


@pytest.fixture
def unproven(tmp_path):
    """An address that speaks TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = Name([NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = CertificateBuilder(name, name, key.public_key(), 1, BEGIN, END)
    (tmp_path / "cert.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            client, _ = server.accept()
            with client, suppress(OSError):
                context.wrap_socket(client, server_side=True).close()

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def test_a_certificate_that_nobody_vouches_for_is_told(unproven):
    assert "its certificate is not valid: self-signed certificate" in failed(unproven, "route")


def test_a_router_in_clear_that_is_asked_over_tls_is_told(url):
    assert "(it does not speak TLS)" in failed(url.replace("http:", "https:"), "route")
