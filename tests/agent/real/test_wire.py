"""What raw bytes get, on a real port."""

import json
import socket

import httpx
import pytest

MALFORMED = {
    "not http": b"hello there\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "endless line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_http_gets_a_problem_and_the_connection_ends(node, sent):
    with socket.create_connection(("127.0.0.1", int(node.url.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(sent)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert problem["code"] == "bad_request"
    assert problem["detail"].startswith("the request cannot be read: ")
    assert problem["detail"].isprintable()


def test_a_status_report_costs_less_than_a_millisecond(node):
    with httpx.Client() as client:
        client.get(node.url + "/v1/node/status")
        took = sorted(client.get(node.url + "/v1/node/status").elapsed.total_seconds() for _ in range(200))
    assert took[50] < 0.003, "client, wire and all"


def test_who_says_no_more_but_listens_is_answered(node):
    with socket.create_connection(("127.0.0.1", int(node.url.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 200 ")
