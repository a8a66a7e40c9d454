"""A referral: what a router gives a client along with a redirect, so that the node takes it in place of its key.

Clients that follow a redirect to another host send everything again but ``Authorization``. So the URL carries it:
sealed, so that a URL in somebody's log betrays no key, inside a signed token (JWT, EdDSA) that counts for half a
minute, for the nodes of one region, one path and one model. A referral grants nothing by itself: whose key it is, and
what that allows, is for the node to say, as ever. Pure but for hashing: no clock, no dice.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Literal

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autorouter.wire.access import ALGORITHM, LATEST
from autorouter.wire.base import Name
from autorouter.wire.key import Key

PARAMETER = "referral"
"""Of the query that it travels in."""

TYPE = "referral+jwt"
"""In its header, so that it is never taken for a client's own token, nor a token for it."""

LIFETIME_S = 30
"""Seconds that it counts by the router's clock: a redirect is followed at once …"""

LEEWAY_S = 30
"""… and by how much the node's may differ. Where both are right it counts for a minute in all."""

LONGEST = 6144
"""Letters. A request's first line has 8 KiB, and so have most proxies for it."""

LONGEST_CREDENTIAL = 2048
"""Letters of the ``Authorization`` that is carried."""

MOST_NODES = 16
"""Named in one; of a region with more, any node counts."""

OPTIONS: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
"""Time is not the library's to check: it reads a clock of its own."""

NONCE = bytes(12)
"""Each referral is sealed with a key of its own, once."""


class BadReferralError(Exception):
    """It does not count; the text says why, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Referral:
    """What one is for. A node compares all of it with what it is and what is asked."""

    region: str
    nodes: tuple[str, ...]
    """Those behind the endpoint; empty for any of the region."""
    to: str
    """``POST /v1/chat/completions``: nothing else."""
    model: str | None
    """As the request calls it; None if it names none."""
    credential: str | None = field(default=None, repr=False)
    """The client's own ``Authorization``, if it sent one."""


class ReferralClaims(BaseModel):
    """What the token says."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    jti: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
    iat: Annotated[int, Field(ge=0, le=LATEST)]
    exp: Annotated[int, Field(ge=0, le=LATEST)]
    scope: Literal["inference"]
    region: Name
    nodes: Annotated[tuple[Name, ...], Field(max_length=MOST_NODES, strict=False)]
    to: Annotated[str, Field(max_length=128)]
    model: Annotated[str, Field(max_length=256)] | None = None
    sealed: Annotated[str, Field(max_length=4096)] | None = None
    """The credential, which only who has the key can read."""


def write(key: Key, referral: Referral, unix: int, chance: bytes) -> str:
    """*referral*, signed with *key* at *unix* seconds. *chance*: 16 random bytes, never the same twice."""
    jti = _base64(chance)
    claims = ReferralClaims(
        jti=jti,
        iat=unix,
        exp=unix + LIFETIME_S,
        scope="inference",
        region=referral.region,
        nodes=referral.nodes if len(referral.nodes) <= MOST_NODES else (),
        to=referral.to,
        model=referral.model,
        sealed=None if referral.credential is None else _sealed(key, jti, referral.credential),
    )
    headers = {"kid": key.name, "typ": TYPE}
    return jwt.encode(claims.model_dump(exclude_none=True), _signer(key), ALGORITHM, headers=headers)


def read(keys: Iterable[Key], text: str, unix: int) -> Referral:
    """What *text* says, if one of *keys* signed it and it counts at *unix* seconds. Raises `BadReferralError`."""
    key = _key_of(keys, text)
    try:
        said = jwt.decode(text, _signer(key).public_key(), [ALGORITHM], options=OPTIONS)
        claims = ReferralClaims.model_validate(said)
    except (jwt.InvalidTokenError, ValidationError, ValueError, TypeError, RecursionError):
        raise BadReferralError("it is not one that a router has signed") from None
    _require_now(claims, unix)
    credential = None if claims.sealed is None else _opened(key, claims.jti, claims.sealed)
    return Referral(claims.region, claims.nodes, claims.to, claims.model, credential)


def _key_of(keys: Iterable[Key], text: str) -> Key:
    """The key that it names. Nothing else of its header is believed, and nothing costly is done before this."""
    try:
        header = jwt.get_unverified_header(text) if len(text) <= LONGEST and text.isascii() else {}
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        header = {}
    if header.keys() != {"alg", "kid", "typ"} or (header["alg"], header["typ"]) != (ALGORITHM, TYPE):
        raise BadReferralError("it is none")
    key = next((each for each in keys if each.name == header["kid"]), None)
    if key is None:
        raise BadReferralError(
            "it is signed with another AUTOROUTER_KEY than this node has: "
            "give the router and its nodes one AUTOROUTER_KEY"
        )
    if not _is_canonical(text.rpartition(".")[2]):
        raise BadReferralError("it is not one that a router has signed")
    return key


def _require_now(claims: ReferralClaims, unix: int) -> None:
    if claims.exp > claims.iat + LIFETIME_S or claims.iat > unix + LEEWAY_S:
        raise BadReferralError("it counts for longer than any may, or not yet: compare the clocks")
    if unix >= claims.exp + LEEWAY_S:
        raise BadReferralError(f"it expired {unix - claims.exp} s ago; ask the router again")


@lru_cache(maxsize=16)
def _signer(key: Key) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.derived("referral"))


def _sealed(key: Key, jti: str, credential: str) -> str:
    return _base64(_box(key, jti).encrypt(NONCE, credential.encode("utf-8", "surrogateescape"), None))


def _opened(key: Key, jti: str, sealed: str) -> str:
    try:
        text = _box(key, jti).decrypt(NONCE, urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)), None)
    except (InvalidTag, ValueError):
        raise BadReferralError("what it carries cannot be opened") from None
    return text.decode("utf-8", "surrogateescape")


def _box(key: Key, jti: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(key.derived("credential", jti))


def _is_canonical(part: str) -> bool:
    """Base64 has several spellings of the same bytes, and a signature that was altered is altered."""
    try:
        return _base64(urlsafe_b64decode(part + "=" * (-len(part) % 4))) == part
    except ValueError:
        return False


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
