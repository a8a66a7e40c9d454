"""Long recordings are cut where they are quiet, and subtitles are what players read."""

import re
from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from node_agent.api.hearing.subtitles import srt, stamp, vtt
from node_agent.audio.cuts import PIECE_S, REACH_S, Cutter
from node_agent.audio.decoder import Audio
from node_agent.audio.room import Room
from node_agent.core.hearing import RATE, Segment
from node_agent.core.units import Seconds


def cuts_of(samples, block=4096):
    cutter = Cutter()
    for start in range(0, len(samples), block):
        cutter.add(samples[start : start + block])
    return cutter.cuts()


def loud(seconds, *pauses):
    """Noise with half a second of silence at each of *pauses*."""
    samples = np.random.default_rng(1).integers(-9000, 9000, round(seconds * RATE), np.int16)
    for pause in pauses:
        samples[round(pause * RATE) : round((pause + 0.5) * RATE)] = 0
    return samples


def test_a_short_recording_is_not_cut():
    assert cuts_of(loud(PIECE_S)) == []
    assert cuts_of(loud(0)) == []


def test_a_long_one_is_cut_in_its_pauses():
    found = [cut / RATE for cut in cuts_of(loud(150, 10.0, 45.0, 100.2))]
    assert 45.0 < found[0] < 45.5
    assert 100.2 < found[1] < 100.7
    assert len(found) == 2


@given(st.sampled_from([59, 61, 120, 151, 245]), st.sampled_from([1000, 4096, 16_000]))
@settings(deadline=None, max_examples=15)
def test_pieces_are_all_of_it_and_none_is_too_long(seconds, block):
    samples, room = loud(seconds), Room()
    pcm = samples.tobytes()
    blocks = deque(pcm[start : start + 2 * block] for start in range(0, len(pcm), 2 * block))
    with room.share("me") as share:
        share.grow(len(pcm))
        audio = Audio("wav", blocks, share, Seconds(seconds), tuple(cuts_of(samples, block)))
        pieces, left = [], []
        for piece in audio.pieces():
            pieces.append(piece)
            left.append(share.size)
        assert share.size == 0
    assert b"".join(pieces) == pcm
    assert left == [len(pcm) - sum(map(len, pieces[:number])) for number in range(len(pieces))]
    assert all(len(piece) <= PIECE_S * RATE * 2 for piece in pieces)
    assert all(len(piece) >= (PIECE_S - REACH_S) * RATE * 2 for piece in pieces[:-1])


MOMENTS = st.sampled_from([0.0, 0.0004, 0.0006, 0.9996, 59.9999, 60.0, 3599.9999, 7200.0]) | st.floats(0, 7200)


@given(MOMENTS)
def test_a_stamp_is_the_moment_to_the_thousandth(moment):
    hours, minutes, seconds, rest = map(
        int, re.fullmatch(r"(\d\d):(\d\d):(\d\d),(\d{3})", stamp(moment, ",")).groups()
    )
    assert minutes < 60
    assert seconds < 60
    assert abs(hours * 3600 + minutes * 60 + seconds + rest / 1000 - moment) <= 0.0005001


@given(st.lists(st.sampled_from(["word", "-->", "\n", "\n\n", "1", "WEBVTT", " ", "é"]), max_size=8))
def test_no_text_can_end_a_cue(words):
    segments = [Segment("".join(words), Seconds(0.0), Seconds(1.0)), Segment("last", Seconds(1.0), Seconds(2.0))]
    assert srt(segments).count("-->") == vtt(segments).count("-->") == 2
    assert len(srt(segments).split("\n\n")) == 2
    assert len(vtt(segments).split("\n\n")) == 3
