"""What a referral proves, to whom, and for how long; and what it betrays, which is nothing."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from autorouter.wire.key import Key
from autorouter.wire.referral import (
    LEEWAY_S,
    LIFETIME_S,
    LONGEST,
    LONGEST_CREDENTIAL,
    MOST_NODES,
    BadReferralError,
    Referral,
    read,
    write,
)

NEW, OLD = Key("a-new-secret-of-ours-that-is-long"), Key("an-old-secret-of-ours-that-is-long")
CHANCE, NOW = b"0123456789abcdef", 1_800_000_000
SECRET = "Bearer pg_0123456789ABCDEFGHIJKLMNOPQRSTUV"
SAID = Referral("yto-01", ("yto-01-a",), "POST /v1/chat/completions", "smollm2", SECRET)
TEXT = write(NEW, SAID, NOW, CHANCE)


def refused(text, keys=(NEW,), now=NOW):
    with pytest.raises(BadReferralError) as caught:
        read(keys, text, now)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def signed(private, headers=None, algorithm="EdDSA", **more):
    claims = {"jti": "A" * 22, "iat": NOW, "exp": NOW + 30, "scope": "inference",
              "region": "yto-01", "nodes": [], "to": "POST /v1/embeddings", **more}  # fmt: skip
    told = {word: value for word, value in claims.items() if value is not None}
    return jwt.encode(told, private, algorithm, headers={"kid": NEW.name, "typ": "referral+jwt", **(headers or {})})


def own(key=NEW):
    """The private key that referrals of *key* are signed with."""
    return Ed25519PrivateKey.from_private_bytes(key.derived("referral"))


def test_it_says_what_was_written():
    assert read([NEW], TEXT, NOW) == SAID
    nothing = Referral("yto-01", (), "POST /v1/embeddings", None)
    assert read([NEW], write(NEW, nothing, NOW, CHANCE), NOW) == nothing


def test_it_counts_for_a_minute_in_all():
    assert read([NEW], TEXT, NOW + LIFETIME_S + LEEWAY_S - 1) == SAID
    assert LIFETIME_S + LEEWAY_S <= 60
    assert "expired 30 s ago" in refused(TEXT, now=NOW + 60)
    assert read([NEW], TEXT, NOW - LEEWAY_S) == SAID
    assert "compare the clocks" in refused(TEXT, now=NOW - LEEWAY_S - 1)


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("A_-z09.=!\n \xe9"))
def test_whichever_letter_is_another_it_counts_no_more(place, letter):
    if TEXT[place] != letter:
        refused(TEXT[:place] + letter + TEXT[place + 1 :])


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("A_=!. \n"))
def test_nor_with_a_letter_more_or_without_its_end(place, letter):
    refused(TEXT[:place] + letter + TEXT[place:])
    refused(TEXT + letter)
    refused(TEXT[:place])


def test_the_last_letter_has_spellings_that_mean_the_same_and_do_not_count():
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in set(alphabet) - {TEXT[-1]}:
        refused(TEXT[:-1] + letter)


def test_keys_can_be_changed_one_machine_after_another():
    old = write(OLD, SAID, NOW, CHANCE)
    assert read([NEW, OLD], old, NOW) == SAID
    assert "another AUTOROUTER_KEY" in refused(old)


@pytest.mark.parametrize("headers", [{"typ": "JWT"}, {"typ": None}, {"kid": "deadbeef"}, {"jku": "https://x"},
                                     {"jwk": {}}, {"crit": ["exp"]}])  # fmt: skip
def test_a_header_that_is_not_its_own_does_not_count(headers):
    refused(signed(own(), headers))


def test_no_other_way_of_signing_counts():
    public = own().public_key().public_bytes_raw()
    refused(signed(b"x" * 32, algorithm="HS256"))
    refused(signed(public, algorithm="HS256"))
    refused(signed(None, algorithm="none"))
    refused(signed(Ed25519PrivateKey.generate()))
    assert read([NEW], signed(own()), NOW).region == "yto-01"


@pytest.mark.parametrize("more", [
    {"exp": None}, {"iat": None}, {"jti": None}, {"to": None}, {"region": None}, {"nodes": None}, {"scope": None},
    {"scope": "operator"}, {"exp": NOW + 31}, {"exp": 10**12}, {"exp": "soon"}, {"exp": NOW + 0.5}, {"iat": -1},
    {"nodes": ["../x"]}, {"nodes": ["n"] * 17}, {"region": "a b"}, {"jti": "short"}, {"sealed": "AAAA"},
    {"sealed": "!"},
])  # fmt: skip
def test_what_no_router_says_does_not_count_though_it_is_signed(more):
    refused(signed(own(), **more))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "\udcff", "{}", "null", "x" * LONGEST, TEXT * 20])
def test_nonsense_does_not_count(text):
    refused(text)


def test_a_url_in_somebodys_log_betrays_no_key():
    parts = [base64.urlsafe_b64decode(part + "==") for part in TEXT.split(".")]
    assert SECRET[7:].encode() not in b"".join(parts)
    assert base64.b64encode(SECRET[7:].encode())[:20] not in TEXT.encode()
    assert NEW.secret not in TEXT
    assert SECRET not in repr(SAID)
    assert json.loads(parts[1])["sealed"] != json.loads(base64.urlsafe_b64decode(
        write(NEW, SAID, NOW, b"another-chance-!").split(".")[1] + "=="))["sealed"]  # fmt: skip


def test_what_is_sealed_cannot_be_put_into_another():
    other = json.loads(base64.urlsafe_b64decode(write(NEW, SAID, NOW, b"another-chance-!").split(".")[1] + "=="))
    assert "cannot be opened" in refused(signed(own(), sealed=other["sealed"]))


def test_the_largest_fits_into_a_first_line():
    nodes = tuple(f"{number:02}{'n' * 62}" for number in range(MOST_NODES))
    said = Referral("r" * 64, nodes, "POST /v1/audio/transcriptions", "m" * 128, "k" * LONGEST_CREDENTIAL)
    text = write(NEW, said, NOW, CHANCE)
    assert len(text) <= LONGEST
    assert read([NEW], text, NOW) == said


def test_of_many_nodes_none_is_named():
    said = Referral("yto-01", tuple(f"n{number}" for number in range(MOST_NODES + 1)), "POST /v1/x", None)
    assert read([NEW], write(NEW, said, NOW, CHANCE), NOW).nodes == ()
