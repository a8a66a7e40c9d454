"""What a shared key proves, and what it does not."""

import pytest

from autorouter.wire.key import Key, is_bearer, is_ticket, keys

NEW, OLD = keys("a-new-secret-of-ours-that-is-long,an-old-secret-of-ours-that-is-long")
NETWORK, REGION, SLOT = "203.0.113.0/24", "yto-01", 29_000_000


def test_a_ticket_holds_for_its_network_region_and_minute_alone():
    ticket = NEW.ticket(NETWORK, REGION, SLOT)
    assert is_ticket([NEW], ticket, NETWORK, REGION, SLOT)
    assert not is_ticket([NEW], ticket, "203.0.114.0/24", REGION, SLOT)
    assert not is_ticket([NEW], ticket, NETWORK, "yul-01", SLOT)
    assert not is_ticket([NEW], ticket, NETWORK, REGION, SLOT + 2)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_clocks_may_be_a_minute_apart(off):
    assert is_ticket([NEW], NEW.ticket(NETWORK, REGION, SLOT + off), NETWORK, REGION, SLOT)


def test_keys_can_be_changed_one_machine_after_another():
    assert is_ticket([NEW, OLD], OLD.ticket(NETWORK, REGION, SLOT), NETWORK, REGION, SLOT)
    assert is_bearer([NEW, OLD], OLD.bearer)


def test_another_key_proves_nothing():
    stranger = Key("somebody-elses-secret")
    assert not is_ticket([NEW], stranger.ticket(NETWORK, REGION, SLOT), NETWORK, REGION, SLOT)
    assert not is_bearer([NEW], stranger.bearer)


@pytest.mark.parametrize("shown", ["", "é", "\udcff", "x" * 10_000])
def test_nonsense_proves_nothing(shown):
    assert not is_ticket([NEW], shown, NETWORK, REGION, SLOT)
    assert not is_bearer([NEW], shown)


def test_the_secret_is_in_nothing_that_is_shown():
    assert NEW.secret not in f"{NEW!r} {NEW.bearer} {NEW.ticket(NETWORK, REGION, SLOT)}"
    assert NEW.bearer not in NEW.ticket(NETWORK, REGION, SLOT)


@pytest.mark.parametrize("text", ["short", "a-new-secret-of-ours-that-is-long,short", "x" * 31, "\udcff" * 32])
def test_a_key_that_is_short_or_no_text_is_refused_with_a_hint(text):
    with pytest.raises(
        ValueError, match=r"at least 32 printable characters; expected .*: openssl rand -hex 32 gives 64"
    ):
        keys(text)
