"""Files that are no recordings, or more than one can listen to: a reason for each, and never a 500."""

import asyncio
import gzip
import io
import os
import signal
from contextlib import suppress

import numpy as np
import pytest
import uvloop
from aiohttp import ClientError

from node_agent.api.hearing import forms
from node_agent.api.hearing.ears import EARS
from node_agent.audio import decoder
from node_agent.audio.room import Room
from tests.agent.edges.hearing import BASE, TRANSCRIPTIONS, form, hearing, post, refusal
from tests.agent.sounds import encoded, film, silence, tone, untold, wav

UNREADABLE = {
    "nothing": b"",
    "one byte": b"R",
    "text": b"hello, this is no sound" * 100,
    "all bytes": bytes(range(256)) * 400,
    "zeros": bytes(100_000),
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a session description": b"v=0\nm=audio 5004 RTP/AVP 0\nc=IN IP4 127.0.0.1\n",
    "only a head, wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "only a head, flac": b"fLaC",
    "only a head, ogg": b"OggS" + bytes(100),
    "only a head, mp4": b"\x00\x00\x00\x18ftypM4A " + bytes(100),
    "only a head, webm": b"\x1aE\xdf\xa3" + bytes(100),
    "only a head, mp3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100),
    "noise after a head, mp3": b"\xff\xfb\x90\x00" + bytes(range(256)) * 100,
    "no samples": wav(samples=b""),
    "cut off, wav": wav(10.0)[:200_000],
    "cut off, flac": encoded("flac", 20.0)[:25_000],
    "cut off, m4a": encoded("m4a")[:8_000],
    "pictures": film(),
    "not a number": wav(bits=32, code=3, samples=np.full(16_000, np.nan, np.float32).tobytes()),
    "infinity": wav(bits=32, code=3, samples=np.full(16_000, np.inf, np.float32).tobytes()),
    "no bits": wav(bits=0),
    "no channels": wav(channels=0, samples=tone(1.0).tobytes()),
    "64 channels": wav(channels=64, samples=tone(1.0).tobytes() * 64),
    "a hertz": wav(rate=1, samples=tone(0.1).tobytes()),
    "4 gigahertz": wav(rate=2**32 - 1, samples=tone(1.0).tobytes()),
    "unknown codec": wav(code=0x1234),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_cannot_be_heard_is_refused_with_the_reason(name):
    async with hearing() as node:
        answer = await post(node, UNREADABLE[name])
        assert await refusal(answer) == (400, "unreadable_audio", "file")
        assert (await post(node)).status == 200, "the next one is heard"


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
async def test_a_wav_that_was_written_as_a_stream_is_heard(size):
    async with hearing() as node:
        assert (await (await post(node, wav(2.0, size=size))).json())["text"] == "1 2"


async def test_a_recording_beyond_the_limit_is_refused_as_soon_as_that_is_known():
    long = silence(10)
    assert len(long) < 4 << 20
    async with hearing() as node:
        for file in (long, untold(long)):
            answer = await post(node, file)
            assert await refusal(answer) == (400, "audio_too_long", "file")
            assert "2 hours" in (await answer.json())["detail"]
        assert node.agent.application[EARS].room.taken == 0


async def test_the_loop_goes_on_while_a_large_file_is_taken_in():
    async with hearing() as node:
        gaps = []

        async def watch():
            loop = asyncio.get_running_loop()
            while True:
                before = loop.time()
                await asyncio.sleep(0.005)
                gaps.append(loop.time() - before)

        watching = asyncio.ensure_future(watch())
        assert (await post(node, wav(700.0))).status == 200
        watching.cancel()
        assert len(gaps) > 20


async def test_a_decoder_that_hangs_is_ended(monkeypatch):
    async with hearing() as node:
        assert (await post(node)).status == 200
        monkeypatch.setattr(decoder, "PATIENCE_S", 0.3)
        [process] = node.agent.application[EARS].decoder._idle
        os.kill(process.pid, signal.SIGSTOP)
        assert await refusal(await post(node)) == (400, "unreadable_audio", "file")
        assert process.returncode is not None
        monkeypatch.undo()
        assert (await post(node)).status == 200


async def decoded_after_a_death(*, noticed):
    """How long what is decoded is, by a decoder whose process was killed while it was idle."""
    listening, file = decoder.Decoder(), memoryview(wav(1.0))
    with Room().share() as share:
        await listening.decode(file, share)
        [process] = listening._idle
        process.kill()
        if noticed:
            await process.wait()
        audio = await listening.decode(file, share)
        assert listening._idle != [process]
        await listening.close()
        return audio.length


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("noticed", [True, False])
def test_a_decoder_that_died_while_it_was_idle_is_replaced(run, noticed):
    assert run(decoded_after_a_death(noticed=noticed)) == 1.0


async def test_a_client_that_leaves_ends_its_decoder():
    async with hearing() as node:
        assert (await post(node)).status == 200
        [process] = node.agent.application[EARS].decoder._idle
        os.kill(process.pid, signal.SIGSTOP)
        async with node.caller() as session:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    await session.post(TRANSCRIPTIONS, data=form())
        async with asyncio.timeout(5):
            await process.wait()
        assert process not in node.agent.application[EARS].decoder._idle
        assert (await post(node)).status == 200


async def test_decoders_leave_with_the_node():
    async with hearing() as node:
        await post(node)
        [process] = node.agent.application[EARS].decoder._idle
    assert process.returncode is not None


async def test_a_node_that_holds_as_much_sound_as_it_can_is_full():
    async with hearing() as node:
        room = node.agent.application[EARS].room
        room.most = 100_000
        assert await refusal(await post(node, wav(10.0))) == (429, "over_capacity", None)
        assert await refusal(await post(node, encoded("ogg", 10.0))) == (429, "over_capacity", None)
        assert room.taken == 0
        assert (await post(node, wav(1.0))).status == 200
        assert room.taken == 0


async def test_a_body_beyond_25_mib_is_413_and_one_of_25_is_not():
    async with hearing() as node:
        for streamed in (False, True):
            answer = await node.client.post(TRANSCRIPTIONS, data=form(bytes(26 << 20)), chunked=streamed or None)
            assert await refusal(answer) == (413, "body_too_large", None)
        assert await refusal(await post(node, bytes(25 << 20))) == (400, "unreadable_audio", "file")


async def test_other_paths_keep_their_limit():
    async with hearing() as node:
        answer = await node.client.post("/v1/chat/completions", data=io.BytesIO(b" " * (2 << 20)))
        assert answer.status in {413, 415}


async def test_a_compressed_form_is_understood_and_a_bomb_is_not():
    async with hearing() as node:
        boundary = b"--b\r\nContent-Disposition: form-data; name="
        whole = boundary + b'"model"\r\n\r\n' + BASE.encode() + b"\r\n" + boundary + b'"file"; filename="x"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}
        packed = gzip.compress(whole + wav() + b"\r\n--b--\r\n")
        assert (await node.client.post(TRANSCRIPTIONS, data=packed, headers=headers)).status == 200
        bomb = gzip.compress(whole + bytes(200 << 20), 1)
        answer = await node.client.post(TRANSCRIPTIONS, data=bomb, headers=headers)
        assert await refusal(answer) == (413, "body_too_large", None)
        answer = await node.client.post(TRANSCRIPTIONS, data=whole, headers=headers)
        assert await refusal(answer) == (400, "bad_request", None)


async def test_a_form_that_does_not_arrive_is_408(monkeypatch):
    monkeypatch.setattr(forms, "LONGEST_ARRIVAL_S", 0.2)

    async def slow():
        yield b"--b\r\n"
        await asyncio.sleep(1.0)

    async with hearing() as node:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await node.client.post(TRANSCRIPTIONS, data=slow(), headers=headers)
        assert await refusal(answer) == (408, "body_too_slow", None)


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, "/v1/chat/completions", "/nowhere"])
async def test_no_more_of_a_refused_bomb_is_unpacked(path):
    """aiohttp's own way is to read on for ten seconds: this one would become 20 GB meanwhile."""
    bomb = gzip.compress(bytes(1 << 28), 9) * 80
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    if path == TRANSCRIPTIONS:
        headers["Content-Type"] = "multipart/form-data; boundary=b"
    async with hearing() as node:
        async with asyncio.timeout(5):
            with suppress(ClientError):  # the connection is closed, and who still sends may not see the answer
                answer = await node.client.post(path, data=io.BytesIO(bomb), headers=headers)
                assert answer.status in {404, 413}
        assert (await post(node)).status == 200
