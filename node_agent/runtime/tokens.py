"""Signed tokens: checked on the node itself, with public keys that it was given.

Nothing that a token says of itself decides how it is checked: the one algorithm is the key's, the key is looked up in
a table of our own, and what else a header may hold (``jku``, ``x5u``, ``jwk``) is not looked at.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options
from jwt.utils import base64url_decode
from pydantic import ValidationError

from autorouter.wire.access import ALGORITHM, AUDIENCE, KEY_ID, Claims, KeySet, PublicKey
from node_agent.core.caller import Caller
from node_agent.core.errors import ConfigError
from node_agent.runtime.opaque import granted

LONGEST = 4096
"""Letters of a token: more fit into no header that is worth reading."""

LEEWAY = 30.0
"""Seconds that clocks may differ."""

OPTIONS: Options = {
    "require": ["exp", "aud", "iss", "jti", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
"""Time is not checked by the library, which reads a clock of its own.
`Caller.require_now` does it, each time that a token is shown."""

MOST_KNOWN = 4096
"""Tokens that were checked once and need no second look: a look takes 0.4 ms."""


class BadTokenError(Exception):
    """The token does not count; the text says why, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """A public key, and whose tokens it is for; None: anyone's."""

    key: Ed25519PublicKey
    issuer: str | None


Trust = Mapping[str, Trusted]
"""By key id."""


def trust(text: str | bytes, where: str) -> Trust:
    """The keys of the JWKS in *text*. Raises `ConfigError` if there is none of use; *where* is what it calls it."""
    try:
        found = KeySet.model_validate_json(text)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, error["loc"]))
        raise ConfigError(f"{where}: not a JWKS: {place or 'file'}: {error['msg']}") from None
    if any(key.d is not None for key in found.keys):
        raise ConfigError(f"{where}: found a private key ('d'); publish what 'autorouter keys public' prints")
    ours = [key for key in found.keys if key.is_ours]
    if not ours:
        raise ConfigError(f"{where}: expected a key with kty OKP, crv Ed25519 and a kid, found none")
    if len({key.kid for key in ours}) < len(ours):
        raise ConfigError(f"{where}: one kid is there twice")
    return {key.kid: _trusted(key, where) for key in ours}


def _trusted(key: PublicKey, where: str) -> Trusted:
    try:
        return Trusted(Ed25519PublicKey.from_public_bytes(base64url_decode(key.x)), key.iss)
    except ValueError as exc:
        raise ConfigError(f"{where}: {key.kid}: 'x' is not an Ed25519 key: {exc}") from exc


def check(trusted: Trust, token: str) -> Claims:
    """What *token* says, once its signature is proved. Raises `BadTokenError`. When it counts is not looked at."""
    try:
        key = trusted.get(_key_id(token))
        if key is None:
            raise BadTokenError("no key of that id is trusted here")
        said = jwt.decode(
            token,
            key.key,
            [ALGORITHM],
            audience=AUDIENCE,
            issuer=key.issuer,
            options=OPTIONS,
        )
        return Claims.model_validate(said)
    except jwt.MissingRequiredClaimError as exc:
        raise BadTokenError(f"it has no {exc.claim}") from None
    except ValidationError as exc:
        place = ".".join(map(str, exc.errors(include_url=False, include_input=False)[0]["loc"]))
        raise BadTokenError(f"its {place} is not what it should be") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
        raise BadTokenError("it is not one that a trusted key has signed for this") from None


def _key_id(token: str) -> str:
    """By the header: the name of the key alone, and nothing that asks for more than we do."""
    if len(token) > LONGEST or not token.isascii():
        raise BadTokenError("it is no token")
    header = jwt.get_unverified_header(token)
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or {"crit", "b64"} & header.keys():
        raise BadTokenError(f"it is not signed with {ALGORITHM} alone")
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid):
        raise BadTokenError("its kid is none")
    return kid


@dataclass(frozen=True, slots=True)
class Known:
    """A token that was checked."""

    kid: str
    """Of the public key that proved it."""
    jti: str
    holder: Caller


class Tokens:
    """Checks tokens, each once as long as the key that proved it is the same."""

    def __init__(self, trusted: Trust | None = None) -> None:
        self._trusted = trusted or {}
        self._known: OrderedDict[bytes, Known] = OrderedDict()

    def trust(self, trusted: Trust) -> None:
        """From now on these keys count, and no others."""
        before, self._trusted = self._trusted, trusted
        for mark, known in tuple(self._known.items()):
            if trusted.get(known.kid) != before[known.kid]:
                del self._known[mark]

    def known(self, token: str) -> Known | None:
        """What is known of a token that was checked before; None: it was not."""
        return self._known.get(_mark(token))

    def learn(self, token: str) -> Known:
        """The same of one that is checked now. Raises `BadTokenError`."""
        claims = check(self._trusted, token)
        holder = granted(claims.sub, claims, claims.nbf - LEEWAY, claims.exp + LEEWAY)
        found = Known(_key_id(token), claims.jti, holder)
        self._known[_mark(token)] = found
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return found


def _mark(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
