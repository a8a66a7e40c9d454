"""What the node's doctor makes of what it finds: pure functions, by table."""

import errno

import pytest

from autorouter.wire.finding import Verdict
from node_agent.doctor import agent, audio, clock, gpu, machine, room, triton

OK, WARNING, WRONG, SKIPPED, _ = Verdict

CARD = "NVIDIA L4, 550.54.15, 23034, 512, 41"


@pytest.mark.parametrize(
    ("version", "allowed", "verdict", "says"),
    [
        ("2.70.0", False, OK, "at or above the security floor"),
        ("2.51.0", False, WRONG, "is older than 2.70.0 (release 26.06)"),
        ("2.51.0", True, WARNING, "is allowed by --allow-unpatched-triton"),
        ("unknown", False, WRONG, "is older than 2.70.0"),
    ],
)
def test_tritons_version(version, allowed, verdict, says):
    finding = triton.version(version, "the wheel's", allowed=allowed)
    assert finding.verdict is verdict
    assert says in finding.told


@pytest.mark.parametrize(("free", "need", "verdict"), [(None, 1, SKIPPED), (2000, 900, OK), (800, 900, WRONG)])
def test_memory(free, need, verdict):
    finding = room.memory(free, need)
    assert finding.verdict is verdict
    assert ("--memory 200" in finding.fix) is (verdict is WRONG)


@pytest.mark.parametrize(("free", "missing", "verdict"), [(5000, 3, OK), (500, 0, WARNING), (500, 2, WRONG)])
def test_disk(free, missing, verdict):
    assert room.disk("/cache", free, missing).verdict is verdict


@pytest.mark.parametrize(
    ("free", "models", "used", "verdict"),
    [
        (1000, 5, True, OK),
        (64, 5, True, WARNING),
        (64, 1, True, OK),
        (None, 1, True, WRONG),
        (None, 1, False, SKIPPED),
    ],
)
def test_shared_memory(free, models, used, verdict):
    assert room.shared(free, models, is_used=used).verdict is verdict


@pytest.mark.parametrize(
    ("code", "told", "verdict", "says"),
    [
        (0, CARD, OK, "NVIDIA L4, driver 550.54.15: 512 of 23034 MiB used, 41 °C"),
        (0, CARD.replace("41", "93"), WARNING, "is 93 °C hot"),
        (0, "a, b", WARNING, "not understood: a, b"),
        (
            9,
            "NVIDIA-SMI has failed because it\ncouldn't communicate",
            WRONG,
            "fails: NVIDIA-SMI has failed because it c",
        ),
        (0, "", WRONG, "it says nothing"),
        (-1, "no answer within 4 s", WRONG, "no answer within 4 s"),
    ],
)
def test_gpus(code, told, verdict, says):
    (finding,) = gpu.verdicts(code, told)
    assert finding.verdict is verdict
    assert says in finding.told


def test_each_gpu_is_told_of():
    assert len(gpu.verdicts(0, f"{CARD}\n{CARD}\n")) == 2


@pytest.mark.parametrize(("samples", "verdict"), [(1600, OK), (1599, WRONG)])
def test_sound(samples, verdict):
    assert audio.verdict(samples).verdict is verdict


@pytest.mark.parametrize(("status", "verdict"), [(-1, SKIPPED), (0x40, WARNING), (0x2001, OK)])
def test_the_clock(status, verdict):
    assert clock.kept(status, 100).verdict is verdict


@pytest.mark.parametrize(("limit", "verdict"), [(-1, OK), (8192, OK), (2048, WARNING), (256, WRONG)])
def test_open_files(limit, verdict):
    assert machine.files(limit).verdict is verdict


def test_an_agent_that_is_ready_and_one_that_is_not():
    ready = {"health": "ready", "models": [{"name": "a", "state": "cold"}]}
    assert agent.condition("http://here", ready).told == "an agent runs at http://here and is ready: a cold"
    starting = agent.condition("http://here", {"health": "starting", "reason": "loading 1 of 3", "models": []})
    assert (starting.verdict, starting.fix) == (WARNING, "curl 'http://here/readyz?verbose'")


@pytest.mark.parametrize(
    ("before", "after", "verdict", "says"),
    [
        (("b", 7), ("b", 8), WARNING, "no router has asked"),
        (("b", 7), ("b", 10), OK, "routers asked this node 2 times"),
        (("b", 7), ("c", 90), WARNING, "no router has asked"),
        (("b", 7), None, WARNING, "went away"),
    ],
)
def test_whether_routers_ask_is_told_by_the_numbers_of_reports(before, after, verdict, says):
    def report(told):
        return None if told is None else {"boot_id": told[0], "seq": told[1]}

    finding = agent.polled(report(before), report(after))
    assert finding.verdict is verdict
    assert says in finding.told


def test_places_where_nobody_can_listen():
    assert "for root alone" in agent.unusable("127.0.0.1:80", 80, errno.EACCES).told
    assert "EADDRNOTAVAIL" in agent.unusable("192.0.2.1:80", 80, errno.EADDRNOTAVAIL).told
