"""Forms as clients write them, and as nobody should: read as they are meant, or refused at once."""

import asyncio
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_agent.api.multipart import parts_of
from node_agent.api.problems import Failed
from tests.agent.edges.hearing import TRANSCRIPTIONS, hearing, refusal

B = b"----b"
FILE = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/x-wav\r\n\r\n'


def read(body, boundary=B):
    """Names and contents."""
    return [(part.name, bytes(part.content)) for part in asyncio.run(parts_of(bytearray(body), boundary))]


def code_of(body, boundary=B):
    with pytest.raises(Failed) as caught:
        read(body, boundary)
    return caught.value.fail.code


def field(name, content=b"x", *headers):
    lines = [b'Content-Disposition: form-data; name="' + name + b'"', *headers, b"", content]
    return b"--" + B + b"\r\n" + b"\r\n".join(lines) + b"\r\n"


END = b"--" + B + b"--\r\n"


def test_parts_are_what_is_between_the_boundaries():
    assert read(field(b"a", b"1") + field(b"b", b"\r\n2\r\n") + END) == [("a", b"1"), ("b", b"\r\n2\r\n")]
    assert read(field(b"a", b"") + END) == [("a", b"")]
    assert read(END) == []
    assert read(b"before\r\n" + field(b"a") + END + b"after") == [("a", b"x")]


@pytest.mark.parametrize(
    "disposition",
    [
        b'form-data; name="file"',
        b"form-data; name=file",
        b'form-data; name="file"; filename="a; name=\\"b\\".wav"',
        b'form-data; filename="; name=b"; name="file"',
        b"form-data; name=\"file\"; filename*=utf-8''%e2%82%ac.wav",
        b'FORM-DATA;name="file"',
        b'form-data; name="file"; filename="../../etc/passwd"',
    ],
)
def test_a_name_is_found_whatever_the_file_is_called(disposition):
    body = b"--" + B + b"\r\ncontent-disposition: " + disposition + b"\r\n\r\nx\r\n" + END
    assert read(body) == [("file", b"x")]


BAD = {
    "empty": b"",
    "no boundary": b"x" * 1000,
    "another boundary": b"--other\r\n" + FILE + b"x\r\n--other--",
    "no end": field(b"a"),
    "cut in the headers": b"--" + B + b"\r\nContent-Disp",
    "cut after the boundary": b"--" + B,
    "no headers": b"--" + B + b"\r\n\r\nx\r\n" + END,
    "nothing at all in a part": b"--" + B + b"\r\n--" + B + b"--\r\n",
    "a header without a colon": b"--" + B + b"\r\nnonsense\r\n\r\nx\r\n" + END,
    "no name": b"--" + B + b"\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
    "two names": b"--" + B + b'\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nx\r\n' + END,
    "no form-data": b"--" + B + b'\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n' + END,
    "base64": field(b"a", b"eA==", b"Content-Transfer-Encoding: base64") + END,
    "words after the boundary": b"--" + B + b"words\r\n\r\n" + END,
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_no_form_is_a_bad_request(body):
    assert code_of(body) == "bad_request"


@pytest.mark.parametrize("boundary", [b"", b"x" * 71, b"x ", b"a\r\nb", b"\xff"])
def test_a_boundary_that_cannot_be_is_a_bad_request(boundary):
    assert code_of(field(b"a") + END, boundary) == "bad_request"


LARGE = {
    "17 parts": field(b"a") * 17 + END,
    "20,000 parts": field(b"a") * 20_000 + END,
    "9 headers": field(b"a", b"x", *[b"X: y"] * 8) + END,
    "50,000 headers": field(b"a", b"x", *[b"X: y"] * 50_000) + END,
    "a header of a mebibyte": field(b"a", b"x", b"X: " + b"y" * (1 << 20)) + END,
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE.keys())
def test_too_much_is_refused_as_such(body):
    assert code_of(body) == "body_too_large"


async def test_a_long_search_lets_others_in_between():
    body, turns = bytearray(b"\r\n--" + B + b"a") + bytearray(b"\r\n--" * (4 << 20)), 0

    async def others():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.ensure_future(others())
    with pytest.raises(Failed):
        await parts_of(body[7:], B)
    other.cancel()
    assert turns >= 4


CONTENTS = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"\r\n", b"--", b"\r\n--", B[:-1], b"-", b"\n", b"x"]), max_size=8
).map(b"".join)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "file"]), CONTENTS), max_size=16))
@settings(deadline=None)
def test_what_is_written_is_what_is_read(parts):
    parts = [(name, content) for name, content in parts if b"\r\n--" + B not in b"\r\n" + content]
    body = b"".join(field(name.encode(), content) for name, content in parts) + END
    assert read(body) == parts


@given(
    st.lists(st.sampled_from([field(b"a"), END, b"\r\n", b"--" + B, b"--", B, b":", b"x", FILE, b"\r"]), max_size=12)
)
@settings(deadline=None)
def test_any_bytes_are_a_form_or_a_refusal(pieces):
    body = b"".join(pieces)
    with suppress(Failed):
        assert all(content in body for _, content in read(body))


@pytest.mark.parametrize("name", ["20,000 parts", "50,000 headers", "no boundary", "empty"])
async def test_a_node_refuses_in_no_time(name):
    headers = {"Content-Type": f"multipart/form-data; boundary={B.decode()}"}
    async with hearing() as node:
        body = io.BytesIO({**LARGE, **BAD}[name])
        answer = await node.client.post(TRANSCRIPTIONS, data=body, headers=headers)
        assert (await refusal(answer))[0] == (413 if name in LARGE else 400)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; b=é"]
)
async def test_a_form_without_a_boundary_is_a_bad_request(kind):
    async with hearing() as node:
        answer = await node.client.post(TRANSCRIPTIONS, data=b"x", headers={"Content-Type": kind})
        assert await refusal(answer) == (400, "bad_request", None)


@pytest.mark.parametrize("kind", ["application/json", "multipart/mixed; boundary=b", "audio/wav"])
async def test_a_body_that_is_no_form_is_415(kind):
    async with hearing() as node:
        answer = await node.client.post(TRANSCRIPTIONS, data=b"{}", headers={"Content-Type": kind})
        assert await refusal(answer) == (415, "unsupported_media_type", None)
