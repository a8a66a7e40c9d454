"""Who is let in, by which key, and who is not: the rules of tokens each with the one that breaks it."""

import asyncio
import base64
import json
import threading

import jwt
import openai
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from autorouter.minting import key_set
from node_agent.core.errors import ConfigError, Denial, Denied
from node_agent.core.models import FREE, Price
from node_agent.runtime import jwks as jwks_module
from node_agent.runtime import opaque
from node_agent.runtime.jwks import Jwks
from node_agent.runtime.keyring import GUESSES, GUESSES_OF_ALL, Keyring
from node_agent.runtime.opaque import parse
from node_agent.runtime.tokens import LEEWAY, trust
from tests.agent.edges.test_gate import Time
from tests.agent.keys import FAR_OFF, KEY, KID, OTHER, PRIVATE, bearer, claims, entry, jwks_file, keys_file, token
from tests.agent.scenes import MODEL, asked, catalogue, serving

CHEAP = Price(prompt=0.01)
STRANGER = Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
RAW = PRIVATE.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Wall(Time):
    """A clock whose wall can be moved too."""

    def __init__(self, unix=1_800_000_000):
        super().__init__()
        self.wall = unix

    def unix(self):
        return self.wall


def ring(folder, *entries, clock=None, **more):
    return Keyring(clock or Wall(), keys_file(folder, *entries, **more), Jwks(jwks_file(folder)))


def problem_of(keyring, shown, network="192.0.2.0/24"):
    with pytest.raises(Denied) as caught:
        keyring.caller(shown, network)
    return caught.value


def part(shape):
    text = shape if isinstance(shape, bytes) else json.dumps(shape).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def by_hand(header, said=None, sign=PRIVATE.sign):
    body = f"{part(header)}.{part(claims() if said is None else said)}"
    return f"{body}.{part(sign(body.encode()))}"


HEADER = {"alg": "EdDSA", "kid": KID}
BAD_TOKENS = {
    "alg none": by_hand({**HEADER, "alg": "none"}, sign=lambda _: b""),
    "alg None": by_hand({**HEADER, "alg": "None"}, sign=lambda _: b""),
    "alg none, signed": by_hand({**HEADER, "alg": "none"}),
    "no alg": by_hand({"kid": KID}),
    "alg a list": by_hand({**HEADER, "alg": ["EdDSA"]}),
    "HS256 with our public key's bytes as secret": jwt.encode(claims(), RAW * 2, "HS256", {"kid": KID}),
    "HS256 with another secret": jwt.encode(claims(), "s" * 64, "HS256", {"kid": KID}),
    "RS256": jwt.encode(claims(), RSA, "RS256", {"kid": KID}),
    "EdDSA said, another algorithm used": by_hand(HEADER, sign=lambda _: b"x" * 256),
    "another's signature": token(STRANGER),
    "no signature": token().rpartition(".")[0] + ".",
    "half a signature": token()[:-40],
    "no exp": token(exp=None),
    "no aud": token(aud=None),
    "no iss": token(iss=None),
    "no jti": token(jti=None),
    "no sub": token(sub=None),
    "expired": token(exp=1_799_999_900),
    "exp null": by_hand(HEADER, {**claims(), "exp": None}),
    "exp a text": by_hand(HEADER, {**claims(), "exp": "never"}),
    "exp infinite": by_hand(HEADER, json.dumps(claims()).replace(str(FAR_OFF), "Infinity").encode()),
    "exp NaN": by_hand(HEADER, json.dumps(claims()).replace(str(FAR_OFF), "NaN").encode()),
    "exp huge": by_hand(HEADER, {**claims(), "exp": 10**400}),
    "not yet": token(nbf=1_800_001_000),
    "for somebody else": token(aud="billing"),
    "for a list of others": token(aud=["billing", "mail"]),
    "unknown kid": token(headers={"kid": "another"}),
    "kid a path": token(headers={"kid": "../../etc/passwd"}),
    "kid with a slash": token(headers={"kid": f"./{KID}"}),
    "kid a query": token(headers={"kid": "x' UNION SELECT 'k"}),
    "kid with a line end": token(headers={"kid": f"{KID}\n"}),
    "kid empty": token(headers={"kid": ""}),
    "kid a number": by_hand({**HEADER, "kid": 7}),
    "kid a list": by_hand({**HEADER, "kid": [KID]}),
    "no kid": by_hand({"alg": "EdDSA"}),
    "a key of its own": token(STRANGER, headers={"jwk": json.loads(key_set([STRANGER], None))["keys"][0]}),
    "a key elsewhere": token(STRANGER, headers={"jku": "http://192.0.2.1/jwks", "x5u": "http://192.0.2.1/x"}),
    "critical": by_hand({**HEADER, "crit": ["exp"]}),
    "critical of nothing": by_hand({**HEADER, "crit": []}),
    "payload apart": by_hand({**HEADER, "b64": False, "crit": ["b64"]}),
    "a bad name": token(sub="a b"),
    "a name that is a list": by_hand(HEADER, {**claims(), "sub": ["acme"]}),
    "an unknown scope": token(scopes=["root"]),
    "no scope": token(scopes=[]),
    "models a text": token(models="*"),
    "no models": token(models=[]),
    "a rate of nothing": token(rate=0),
    "a rate that is true": token(rate=True),
    "a budget below nothing": token(budget=-1),
    "claims a list": by_hand(HEADER, b"[]"),
    "claims that are none": by_hand(HEADER, b"{"),
    "header that is none": "e30.e30.e30",
    "nested": by_hand(HEADER, b'{"a":' * 1000 + b"1" + b"}" * 1000),
    "nested header": part(b"[" * 2000 + b"]" * 2000) + ".e30.e30",
    "four parts": token() + ".e30",
    "two parts": "e30.e30",
    "dots": "..",
    "too long": token(more="x" * 5000),
    "not ASCII": token()[:-1] + "é",
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_does_not_count(tmp_path, name):
    denied = problem_of(ring(tmp_path), BAD_TOKENS[name])
    assert denied.denial is Denial.UNKNOWN
    assert len(denied.detail) < 200
    assert not any(piece in denied.detail for piece in BAD_TOKENS[name].split(".") if len(piece) > 8)


def test_a_good_token_counts_and_says_what_it_allows(tmp_path):
    said = token(
        models=["m"],
        regions=["yto-01"],
        scopes=["operator"],
        rate=5,
        budget=1.5,
        per="total",
        aud=["x", "autorouter"],
    )
    caller = ring(tmp_path).caller(said, "")
    assert (caller.name, caller.models, caller.regions, caller.rate) == ("acme", {"m"}, {"yto-01"}, 5)
    assert (caller.scopes, caller.budget.dollars, caller.budget.per) == ({"operator"}, 1.5, "total")


def test_what_a_token_says_for_other_services_is_skipped(tmp_path):
    assert ring(tmp_path).caller(token(email="x", jku="y"), "").name == "acme"


def test_a_token_that_was_seen_expires_all_the_same(tmp_path):
    clock = Wall()
    keyring = ring(tmp_path, clock=clock)
    short = token(exp=clock.wall + 60)
    assert keyring.caller(short, "").name == "acme"
    clock.wall += 60 + LEEWAY - 1
    assert keyring.caller(short, "").name == "acme"
    clock.wall += 1
    assert problem_of(keyring, short).detail == "the key has expired"


def test_clocks_may_differ_by_half_a_minute(tmp_path):
    clock = Wall()
    keyring = ring(tmp_path, clock=clock)
    assert keyring.caller(token(nbf=clock.wall + LEEWAY), "").name == "acme"
    assert problem_of(keyring, token(nbf=clock.wall + LEEWAY + 1)).detail == "the key does not count yet"


def test_a_key_of_one_issuer_signs_for_no_other(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(key_set([PRIVATE], "us"))
    keyring = Keyring(Wall(), None, Jwks(str(path)))
    assert keyring.caller(token(iss="us"), "").name == "acme"
    assert problem_of(keyring, token(iss="them")).denial is Denial.UNKNOWN


async def test_a_token_can_be_taken_back_even_if_it_was_seen(tmp_path):
    keyring = ring(tmp_path)
    assert keyring.caller(token(jti="7"), "").name == "acme"
    keys_file(tmp_path, revoked=["7"])
    await keyring.reload()
    assert problem_of(keyring, token(jti="7")).detail == "the token was revoked"
    assert keyring.caller(token(jti="8"), "").name == "acme"


def test_a_token_that_was_taken_back_is_a_guess(tmp_path):
    keyring = ring(tmp_path, revoked=["7"])
    told = [problem_of(keyring, token(jti="7"), "net").denial for _ in range(int(GUESSES) + 1)]
    assert told == [Denial.UNKNOWN] * int(GUESSES) + [Denial.GUESSED]


async def test_a_public_key_that_is_withdrawn_proves_nothing_more(tmp_path):
    keyring = ring(tmp_path)
    assert keyring.caller(token(), "").name == "acme"
    jwks_file(tmp_path, STRANGER)
    await keyring.reload()
    assert problem_of(keyring, token()).denial is Denial.UNKNOWN


def test_ten_thousand_guesses_are_told_apart_from_a_right_key(tmp_path):
    keyring = ring(tmp_path, entry())
    assert keyring.caller(token(), "net").name == "acme"
    told = [problem_of(keyring, f"pg_{number:030}", "net").denial for number in range(10_000)]
    assert told.count(Denial.UNKNOWN) == GUESSES
    assert told.count(Denial.GUESSED) == 10_000 - GUESSES
    assert keyring.caller(KEY, "net").name == "acme"
    assert keyring.caller(token(), "net").name == "acme", "a token that was seen before"
    assert problem_of(keyring, "pg_wrong", "elsewhere").denial is Denial.UNKNOWN


async def test_a_token_that_was_seen_is_seen_still_once_the_public_keys_were_read_again(tmp_path):
    keyring = ring(tmp_path)
    assert keyring.caller(token(), "net").name == "acme"
    for number in range(31):
        problem_of(keyring, f"pg_{number:030}", "net")
    jwks_file(tmp_path, PRIVATE, STRANGER)
    await keyring.reload()
    assert keyring.caller(token(), "net").name == "acme"
    jwks_file(tmp_path, STRANGER)
    await keyring.reload()
    assert problem_of(keyring, token(), "net").denial is Denial.GUESSED, "it is not known any more"


async def test_a_public_key_that_is_another_by_the_same_name_proves_nothing_of_the_first(tmp_path):
    keyring = ring(tmp_path)
    assert keyring.caller(token(), "").name == "acme"
    other = json.loads(key_set([STRANGER], None))
    other["keys"][0]["kid"] = KID
    (tmp_path / "jwks.json").write_text(json.dumps(other))
    await keyring.reload()
    assert problem_of(keyring, token()).denial is Denial.UNKNOWN


def test_guesses_through_a_proxy_lock_nobody_out_for_longer_than_a_moment(tmp_path):
    clock = Wall()
    keyring = ring(tmp_path, entry(), clock=clock)
    told = [problem_of(keyring, f"pg_{number:030}", "") for number in range(int(GUESSES_OF_ALL) + 1)]
    assert [denied.denial for denied in told[-2:]] == [Denial.UNKNOWN, Denial.GUESSED]
    assert keyring.caller(KEY, "").name == "acme"
    denied = problem_of(keyring, token(), "")
    assert 0 < denied.wait <= 0.01
    clock.passes(0.02)
    assert keyring.caller(token(), "").name == "acme"


@pytest.mark.parametrize(
    ("chosen", "headers"), [({"behind_proxy": True}, {}), ({}, {"X-Forwarded-For": "192.0.2.1"})]
)
async def test_a_proxy_is_not_blamed_for_the_guesses_it_passes_on(tmp_path, chosen, headers):
    async with serving(ring=keys_file(tmp_path), jwks=jwks_file(tmp_path), running=False, **chosen) as node:
        wrong = {**headers, **bearer("pg_wrong")}
        assert {(await node.get("/v1/models", headers=wrong)).status for _ in range(40)} == {401}
        assert (await node.get("/v1/models", headers={**headers, **bearer(token())})).status == 200


async def test_clients_are_known_while_keys_are_read_again(tmp_path, monkeypatch):
    keyring, real, go = ring(tmp_path, entry()), opaque.load, threading.Event()

    def slow(path):
        assert go.wait(5), "nothing else went on"
        return real(path)

    monkeypatch.setattr(opaque, "load", slow)
    keys_file(tmp_path, entry(OTHER, "other"))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(keyring.run())
        keyring.reload_soon()
        await asyncio.sleep(0.01)
        assert keyring.caller(KEY, "").name == "acme"
        assert problem_of(keyring, OTHER).denial is Denial.UNKNOWN
        go.set()
        async with asyncio.timeout(5):
            while problem_or_none(keyring, OTHER):
                await asyncio.sleep(0.01)
        running.cancel()
    assert problem_of(keyring, KEY).denial is Denial.UNKNOWN


def problem_or_none(keyring, shown):
    try:
        keyring.caller(shown, "192.0.2.0/24")
    except Denied as denied:
        return denied
    return None


async def test_keys_are_read_again_whole_or_not_at_all(tmp_path):
    keyring = ring(tmp_path, entry())
    keys_file(tmp_path, entry(OTHER, "other"), {"name": "broken"})
    await keyring.reload()
    assert keyring.caller(KEY, "").name == "acme"
    assert problem_of(keyring, OTHER).denial is Denial.UNKNOWN
    keys_file(tmp_path, entry(OTHER, "other"))
    await keyring.reload()
    assert keyring.caller(OTHER, "").name == "other"
    assert problem_of(keyring, KEY).denial is Denial.UNKNOWN


HASH = "a" * 64
BAD_FILES = [
    (f"keys:\n  - name: a b\n    sha256: {HASH}", "keys.yaml:2: keys[0].name: String should match pattern"),
    (f"keys:\n  - name: NO\n    sha256: {HASH}\n    scope: [operator]", "keys.yaml:4: keys[0].scope: Extra inputs"),
    ("keys:\n  - name: a", "keys.yaml:2: keys[0].sha256: Field required"),
    (f"keys:\n  - name: a\n    sha256: {KEY}", "keys.yaml:3: keys[0].sha256: String should match pattern"),
    (f"keys:\n  - name: a\n    name: b\n    sha256: {HASH}", "keys.yaml:3: keys[0].name: found twice"),
    (f"keys:\n  - {{name: a, sha256: {HASH}, models: yes}}", "keys.yaml:2: keys[0].models: "),
    (f"keys:\n  - {{name: a, sha256: {HASH}, models: []}}", "keys.yaml:2: keys[0].models: "),
    (f"keys:\n  - {{name: a, sha256: {HASH}, rate: 0}}", "keys.yaml:2: keys[0].rate: "),
    (f"keys:\n  - {{name: a, sha256: {HASH}, rate: .nan}}", "keys.yaml:2: keys[0].rate: "),
    (f"keys:\n  - {{name: a, sha256: {HASH}, budget: 1_000}}", "keys.yaml:2: keys[0].budget: "),
    (f"keys:\n  - {{name: a, sha256: {HASH}, expires: tomorrow}}", "keys.yaml:2: keys[0].expires: "),
    (f"keys:\n  - &a {{name: a, sha256: {HASH}}}\n  - *a", "keys.yaml:2: file: anchors and aliases"),
    ("keys: !!python/object:os.system x", "keys.yaml:1: file: tags are not allowed"),
    (
        f"keys:\n  - {{name: a, sha256: {HASH}}}\n  - {{name: a, sha256: {'b' * 64}}}",
        "keys.yaml:1: keys: 'a' is the name",
    ),
    (
        f"keys:\n  - {{name: a, sha256: {HASH}}}\n  - {{name: b, sha256: {HASH}}}",
        "keys.yaml:1: keys: the hash aaaaaaaa",
    ),
    ("keys: [", "keys.yaml:2: file: not readable as YAML"),
    ("[" * 100, "keys.yaml:1: file: nested deeper than 8"),
    ("", "keys.yaml:1: file: "),
    ("#" * (4 << 20) + "\n", "keys.yaml:1: file: expected at most"),
    ("keys: \x00", "keys.yaml:"),
    ("? [a]\n: b", "keys.yaml:1: "),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_FILES)
def test_a_bad_keys_file_is_one_sentence_with_the_line_and_never_the_key(text, sentence):
    with pytest.raises(ConfigError) as caught:
        parse(text, "keys.yaml")
    assert str(caught.value).startswith(sentence)
    assert KEY not in str(caught.value)


def test_a_date_ends_a_key_at_its_first_moment():
    text = f"keys:\n  - {{name: NO, sha256: {HASH}, expires: 2027-01-31}}"
    ((_, caller),) = parse(text, "keys.yaml").by_start["aaaaaaaa"]
    assert (caller.name, caller.expires) == ("NO", 1_801_353_600)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "x: not a JWKS: keys: Field required"),
        ("nonsense", "x: not a JWKS: file: Invalid JSON"),
        ('{"keys": []}', "x: expected a key with kty OKP"),
        ('{"keys": [{"kty": "RSA", "kid": "a"}]}', "x: expected a key with kty OKP"),
        ('{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a/b", "x": "eA"}]}', "x: expected a key with kty OKP"),
        ('{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "eA"}]}', "x: a: 'x' is not an Ed25519 key"),
        (
            '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "eA", "d": "c2VjcmV0"}]}',
            "x: found a private key",
        ),
    ],
)
def test_a_bad_jwks_is_one_sentence(text, sentence):
    with pytest.raises(ConfigError) as caught:
        trust(text, "x")
    assert str(caught.value).startswith(sentence)
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize("where", ["http://keys.example.org/jwks", "https://user:password@example.org/jwks"])
def test_public_keys_are_fetched_from_where_nobody_can_change_them(where):
    with pytest.raises(ConfigError, match="AUTOROUTER_JWKS: expected"):
        Jwks(where)


async def good(_request):
    return web.Response(text=key_set([PRIVATE], None))


def published(answer):
    async def serve(request):
        return await answer(request)

    application = web.Application()
    application.router.add_get("/jwks", serve)
    application.router.add_get("/good", good)
    return TestServer(application)


async def test_public_keys_come_from_a_url_and_the_last_good_ones_outlive_the_node(tmp_path):
    kept = tmp_path / "kept.json"

    async with published(good) as server:
        where = str(server.make_url("/jwks"))
        found = await Jwks(where, kept).fetch()
        assert set(found) == {KID}
    assert set(Jwks(where, kept).first()) == {KID}
    assert Jwks(where).first() == {}


async def moved(_request):
    raise web.HTTPFound("/good")


async def endless(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100):
        await response.write(b" " * 8192)
    return response


async def silent(_request):
    await asyncio.sleep(60)


async def broken(_request):
    return web.Response(status=500, text=key_set([PRIVATE], None))


@pytest.mark.parametrize("answer", [moved, endless, silent, broken])
async def test_a_url_that_misbehaves_leaves_the_last_good_keys(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(jwks_module, "DEADLINE_S", 0.5)
    kept = tmp_path / "kept.json"
    kept.write_text(key_set([PRIVATE], None))
    async with published(answer) as server:
        where = str(server.make_url("/jwks"))
        keyring = Keyring(Wall(), None, Jwks(where, kept))
        with pytest.raises(ConfigError, match=r"AUTOROUTER_JWKS: (answered|no answer)"):
            await Jwks(where, kept).fetch()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(keyring.run())
            await asyncio.sleep(0.1)
            running.cancel()
    assert keyring.caller(token(), "").name == "acme"
    assert set(Jwks(where, kept).first()) == {KID}


REFUSED = [
    {},
    bearer("pg_wrong"),
    bearer(OTHER),
    bearer(KEY[:-1]),
    bearer(KEY + "0"),
    {"Authorization": KEY},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer é"},
    {"X-Api-Key": KEY},
    {"Cookie": f"key={KEY}"},
    {"Sec-WebSocket-Protocol": f"bearer.{KEY}"},
]


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("HEAD", "/v1/models"),
        ("GET", "/v1/usage"),
        ("GET", "/v1/models/x"),
    ],
)
async def test_with_keys_nothing_is_had_without_one(tmp_path, headers, method, path):
    async with serving(ring=keys_file(tmp_path, entry()), running=False) as node:
        answer = await node.call(method, path, headers=headers, json=None if method != "POST" else asked())
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_two_keys_at_once_are_none(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), running=False) as node:
        headers = [("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {KEY}")]
        assert (await node.call("GET", "/v1/models", headers=headers)).status == 401


async def test_a_key_in_a_url_is_not_read_and_not_repeated(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), running=False) as node:
        for name in ("key", "api_key", "access_token", KEY):
            answer = await node.call("GET", f"/v1/models?{name}={KEY}")
            assert answer.status == 400
            assert name == KEY or KEY not in await answer.text()


async def test_what_tells_nothing_of_anybody_needs_no_key(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), running=False) as node:
        for path, status in (
            ("/livez", 200),
            ("/readyz", 503),
            ("/metrics", 200),
            ("/v1/ping", 204),
            ("/v1/node/status", 200),
            ("/nowhere", 404),
        ):
            assert (await node.call("GET", path)).status == status


@pytest.mark.parametrize(
    "path", ["/v1//models", "/v1/models/", "/v1/./models", "/%76%31/models", "/v1%2Fmodels", "/V1/models"]
)
async def test_no_other_spelling_of_a_path_needs_less(tmp_path, path):
    async with serving(ring=keys_file(tmp_path, entry()), running=False) as node:
        reader, writer = await asyncio.open_connection(node.client.host, node.client.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert int((await reader.readline()).split()[1]) in {401, 404}
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("key", [KEY, token()])
async def test_with_a_key_of_either_kind_a_client_is_served(tmp_path, key):
    async with serving(ring=keys_file(tmp_path, entry()), jwks=jwks_file(tmp_path)) as node:
        assert (await node.call("POST", "/v1/chat/completions", json=asked(), headers=bearer(key))).status == 200


FORBIDDEN = [
    ({"regions": ["nyc-01"]}, "the key is not for region yto-01", None),
    ({"models": ["another"]}, f"the key is not for model {MODEL}", "model"),
    ({"scopes": ["operator"]}, "the key has not the scope 'inference'", None),
]


@pytest.mark.parametrize(("limits", "detail", "param"), FORBIDDEN)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_is_for_what_it_is_for_whichever_kind_it_is(tmp_path, limits, detail, param, stream):
    async with serving(ring=keys_file(tmp_path, entry(**limits)), jwks=jwks_file(tmp_path)) as node:
        for key in (KEY, token(**limits)):
            answer = await node.call("POST", "/v1/chat/completions", json=asked(stream=stream), headers=bearer(key))
            problem = await answer.json()
            assert (answer.status, problem["code"], problem["detail"]) == (403, "forbidden", detail)
            assert problem["error"]["param"] == param
        assert await node.metric('autorouter_node_denied_total{reason="forbidden"}') == 2


async def test_a_key_for_an_alias_is_for_the_model(tmp_path):
    models = {"catalogue": catalogue("big", "small", big={"aliases": ["gpt"]}), "models": ("big", "small")}
    limits = {"models": ["gpt", "elsewhere"]}
    with capture_logs() as logs:
        async with serving(ring=keys_file(tmp_path, entry(**limits)), jwks=jwks_file(tmp_path), **models) as node:
            for key in (KEY, token(**limits)):
                for name, status in (("gpt", 200), ("big", 200), ("small", 403)):
                    body = {**asked(), "model": name}
                    answer = await node.call("POST", "/v1/chat/completions", json=body, headers=bearer(key))
                    assert answer.status == status
    assert [line["models"] for line in logs if "does not have" in line["event"]] == [["elsewhere"]]


async def test_a_key_that_is_used_too_often_is_told_when_to_come_back(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry(rate=2), entry(OTHER, "other"))) as node:
        statuses = [(await node.call("GET", "/v1/models", headers=bearer())).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        answer = await node.call("GET", "/v1/models", headers=bearer())
        assert (await answer.json())["code"] == "rate_limited"
        assert 28_000 < int(answer.headers["retry-after-ms"]) <= 30_000
        assert (await node.call("GET", "/v1/models", headers=bearer(OTHER))).status == 200


async def test_a_budget_that_is_spent_ends_the_chats_and_not_the_accounts(tmp_path):
    price = Price(prompt=1_000_000.0)
    async with serving(ring=keys_file(tmp_path, entry(budget=4)), price=price) as node:
        chats = [await node.call("POST", "/v1/chat/completions", json=asked(), headers=bearer()) for _ in range(3)]
        assert [chat.status for chat in chats] == [200, 200, 402]  # three dollars each: the second one overshoots
        problem = await chats[2].json()
        assert (problem["code"], problem["error"]["type"]) == ("budget_spent", "insufficient_quota")
        assert "6.0000 of 4 US dollars this month" in problem["detail"]
        assert (await node.call("GET", "/v1/usage", headers=bearer())).status == 200


@pytest.mark.parametrize(
    ("limits", "price", "warned"), [({"budget": 4}, FREE, 1), ({"budget": 4}, CHEAP, 0), ({}, FREE, 0)]
)
async def test_a_budget_that_nothing_can_spend_is_warned_of(tmp_path, limits, price, warned):
    with capture_logs() as logs:
        async with serving(ring=keys_file(tmp_path, entry(**limits)), price=price, running=False):
            pass
    assert len([line for line in logs if "budgets are never spent" in line["event"]]) == warned


async def test_openai_raises_the_class_that_fits(tmp_path):
    price = Price(prompt=1_000_000.0)
    file = keys_file(
        tmp_path, entry(models=["another"]), entry(OTHER, "rare", rate=1), entry(OTHER + "b", "poor", budget=0)
    )
    async with serving(ring=file, price=price) as node:

        async def raised(key):
            async with openai.AsyncOpenAI(
                base_url=str(node.client.make_url("/v1")), api_key=key, max_retries=0
            ) as client:
                try:
                    await client.chat.completions.create(**asked())
                except openai.APIStatusError as exc:
                    return type(exc), exc.status_code, exc.code
            return None

        assert await raised("pg_wrong") == (openai.AuthenticationError, 401, "unauthorized")
        assert await raised(KEY) == (openai.PermissionDeniedError, 403, "forbidden")
        assert await raised(OTHER) is None
        assert await raised(OTHER) == (openai.RateLimitError, 429, "rate_limited")
        assert await raised(OTHER + "b") == (openai.APIStatusError, 402, "budget_spent")


async def test_a_key_is_in_no_log_no_metric_and_no_answer(tmp_path, capfd):
    def failing(engine):
        engine.generate = None
        return engine

    async with serving(ring=keys_file(tmp_path, entry()), jwks=jwks_file(tmp_path), wrap=failing) as node:
        said = token()
        shown = [KEY, OTHER, said, token(STRANGER)]
        told = []
        for key in shown:
            answer = await node.call("POST", "/v1/chat/completions", json=asked(), headers=bearer(key))
            told.append(f"{answer.headers} {await answer.text()}")
        told.append(await (await node.get("/metrics")).text())
        told.append(await (await node.get("/v1/node/status?since=0&usage_since=0")).text())
    told.extend(capfd.readouterr())
    assert "defect" in "".join(told), "a traceback was logged"
    pieces = [KEY, OTHER, *said.split(".")]
    assert not [piece for piece in pieces if piece in "".join(told)]


async def test_an_open_node_asks_nobody_and_lets_this_machine_operate():
    async with serving() as node:
        assert (await node.call("POST", "/v1/chat/completions", json=asked(), headers=bearer("unused"))).status == 200
        assert "by_key" in (await (await node.call("GET", "/v1/usage")).json())["usage"]
        far = {"X-Forwarded-For": "203.0.113.7"}
        assert (await node.call("POST", "/v1/chat/completions", json=asked(), headers=far)).status == 200
        assert "by_key" not in (await (await node.call("GET", "/v1/usage", headers=far)).json())["usage"]


OF_PAGES = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "rebound.example"},
    {"Host": "rebound.example:8081"},
    {"Host": "127.0.0.1.rebound.example"},
    {"Host": "localhost.example"},
    {"Host": "]["},
    {"Host": ""},
]


@pytest.mark.parametrize("headers", OF_PAGES)
async def test_a_page_in_a_browser_on_this_machine_is_no_operator(headers):
    async with serving() as node:
        answer = await node.client.post("/v1/models/unload-all", headers=headers)
        assert (answer.status, (await node.model())["state"]) == (403, "ready")
        assert (await node.get("/v1/node/status", headers=headers)).status == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8081", "127.0.0.1", "127.9.9.9:80", "[::1]:8081"])
async def test_a_program_on_this_machine_is_one_by_any_name_of_this_machine(host):
    headers = {"Host": host, "Sec-Fetch-Site": "none"}
    async with serving(running=False) as node:
        assert "by_key" in (await (await node.get("/v1/usage", headers=headers)).json())["usage"]


OPERATE = [
    ("POST", "/v1/models/load", {"model_name": MODEL}),
    ("POST", "/v1/models/unload", {"model_name": "nothing"}),
    ("POST", "/v1/models/unload-all", None),
    ("POST", "/v1/gpu/purge", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATE)
async def test_an_operators_path_is_for_operators(tmp_path, method, path, body):
    file = keys_file(tmp_path, entry(), entry(OTHER, "boss", scopes=["operator"]))
    async with serving(ring=file) as node:
        statuses = [
            (await node.call(method, path, json=body, headers=headers)).status
            for headers in (bearer(OTHER), bearer(), {})
        ]
        assert statuses[0] not in {401, 403}
        assert statuses[1:] == [403, 401]
    async with serving() as node:
        assert (await node.call(method, path, json=body)).status not in {401, 403}
        assert (await node.call(method, path, json=body, headers={"Via": "a proxy"})).status == 403


def test_public_keys_that_cannot_be_read_are_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Jwks(str(tmp_path / "missing.json")).first()
    with pytest.raises(ConfigError, match=r"--keys .*: cannot be read: No such file"):
        Keyring(Wall(), tmp_path / "missing.yaml")
    (tmp_path / "keys.yaml").write_bytes(b"keys: \xff")
    with pytest.raises(ConfigError, match="byte 6 is not UTF-8"):
        Keyring(Wall(), tmp_path / "keys.yaml")


async def test_a_broken_set_of_public_keys_leaves_the_last_good_one(tmp_path):
    keyring = ring(tmp_path)
    (tmp_path / "jwks.json").write_text("{")
    await keyring.reload()
    assert keyring.caller(token(), "").name == "acme"


async def test_nobody_at_the_url_and_nowhere_to_keep_keys_are_no_end(tmp_path):
    with pytest.raises(ConfigError, match="AUTOROUTER_JWKS: ClientConnectorError"):
        await Jwks("http://127.0.0.1:1/jwks").fetch()
    async with published(good) as server:
        assert set(await Jwks(str(server.make_url("/jwks")), tmp_path / "missing" / "kept.json").fetch()) == {KID}
