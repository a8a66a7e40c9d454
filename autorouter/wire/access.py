"""Keys of clients: how they are written, and what they allow. The router mints them, a node reads them by itself.

Two kinds: opaque ones, of which a node keeps the hash alone, in its keys file; and signed tokens (JWT, EdDSA), which
carry what they allow and which a node checks with public keys. Pure but for hashing: no clock, no file, no dice.
"""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from autorouter.wire.base import Name, Wire

PREFIX = "pg_"
OPAQUE = re.compile(r"pg_[0-9A-Za-z]{22,128}")
"""22 letters of 62 are 131 bits."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LETTERS = 32
"""Of a minted key: 190 bits."""

ALGORITHM = "EdDSA"
"""The one way to sign. A public key is for it and nothing else, whatever a token's header says."""

AUDIENCE = "autorouter"
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Scope = Literal["inference", "operator", "admin"]
"""``inference``: to be served by models. ``operator``: to load and unload them, and to see everyone's usage.
``admin``: a router's admin API; on a node it is for nothing."""


def digest(key: str) -> str:
    """What a keys file holds of *key*. Plain SHA-256 is enough: nobody can try out 131 bits.

    >>> digest("pg_0123456789ABCDEFGHIJKL")[:16]
    '308ed25acd79ed20'
    """
    return sha256(key.encode()).hexdigest()


def moment(text: str) -> int:
    """Unix seconds of ``2027-01-31`` (its first moment, UTC) or ``2027-01-31T12:00:00Z``. Raises `ValueError`.

    >>> moment("1970-01-02"), moment("1970-01-01T01:00:00+01:00")
    (86400, 0)
    """
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _moment(value: object) -> object:
    return moment(value) if isinstance(value, str) else value


LATEST = 253_402_300_799
"""The last second of the year 9999."""

Moment = Annotated[int, BeforeValidator(_moment), Field(ge=0, le=LATEST)]
"""In a file as text, or in Unix seconds."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _Grant(BaseModel):
    """What a key allows. Of what is not said, everything; of scopes, ``inference``."""

    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=3, strict=False)] = ("inference",)
    models: Annotated[tuple[Name, ...], Field(min_length=1, max_length=256, strict=False)] | None = None
    regions: Annotated[tuple[Name, ...], Field(min_length=1, max_length=256, strict=False)] | None = None
    rate: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """Requests a minute."""
    budget: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    """US dollars …"""
    per: Literal["month", "total"] = "month"
    """… in a calendar month (UTC), or in all."""


class KeyEntry(_Grant, _Strict):
    """One opaque key, as the keys file has it."""

    name: Name
    """What it is called in accounts and logs; never secret."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    expires: Moment | None = None


class KeysFile(_Strict):
    """A node's keys file."""

    keys: Annotated[tuple[KeyEntry, ...], Field(max_length=10_000, strict=False)] = ()
    revoked: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=128)], ...], Field(max_length=10_000, strict=False)
    ] = ()
    """``jti`` of tokens that count no more."""


class Claims(_Grant, BaseModel):
    """What a token says. Whoever signs for several services says more in it: that is skipped."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    sub: Name
    """What an opaque key's entry calls ``name``."""
    iss: Annotated[str, Field(min_length=1, max_length=256)]
    jti: Annotated[str, Field(min_length=1, max_length=128)]
    exp: Annotated[float, Field(ge=0, le=LATEST)]
    nbf: Annotated[float, Field(ge=0, le=LATEST)] = 0


class PublicKey(Wire):
    """One key of a set (RFC 7517, 8037). Only those of `ALGORITHM` are of use."""

    kty: Annotated[str, Field(max_length=16)]
    crv: Annotated[str, Field(max_length=16)] = ""
    kid: Annotated[str, Field(max_length=256)] = ""
    x: Annotated[str, Field(max_length=128)] = ""
    iss: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """Whose tokens it is for; of a key that does not say, anyone's."""
    d: str | None = Field(default=None, repr=False)
    """The private half, which has no business in a set that is published."""

    @property
    def is_ours(self) -> bool:
        """True if tokens can be checked with it."""
        return (self.kty, self.crv) == ("OKP", "Ed25519") and KEY_ID.fullmatch(self.kid) is not None


class KeySet(Wire):
    """A JWKS."""

    keys: Annotated[tuple[PublicKey, ...], Field(max_length=256)]
