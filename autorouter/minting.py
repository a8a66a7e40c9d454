"""Makes keys for clients: opaque ones, and tokens signed with a private key of the operator's.

Nothing here is needed to serve: nodes check keys by themselves, and the router has none of them.
"""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from autorouter.wire.access import ALGORITHM, ALPHABET, AUDIENCE, LETTERS, PREFIX, Claims, KeyEntry, digest


class MintError(Exception):
    """What was asked for cannot be made; one sentence."""


def opaque_key() -> str:
    """A new key: 190 bits of chance."""
    return PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))


def entry_of(key: str, expires: int | None, allowed: Mapping[str, object]) -> str:
    """The line for a keys file, each value as JSON, so that none can mean anything else in YAML."""
    told = {**allowed, "sha256": digest(key)}
    if expires is not None:
        told["expires"] = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    KeyEntry.model_validate(told)
    return "  - {" + ", ".join(f"{word}: {_plain(value)}" for word, value in told.items()) + "}"


def _plain(value: object) -> str:
    """As the nodes' YAML has it, which knows no exponents.

    >>> _plain(1e-06), _plain("a"), _plain(25.0)
    ('0.000001', '"a"', '25')
    """
    return f"{Decimal(str(value)):f}".removesuffix(".0") if isinstance(value, float) else json.dumps(value)


def token(private: Ed25519PrivateKey, issuer: str, expires: int, allowed: Mapping[str, object]) -> str:
    """A signed token that counts until *expires*, in Unix seconds."""
    named = {word: value for word, value in allowed.items() if word != "name"}
    said = {
        **named,
        "sub": allowed["name"],
        "iss": issuer,
        "aud": AUDIENCE,
        "jti": secrets.token_urlsafe(12),
        "exp": expires,
    }
    Claims.model_validate(said)
    return jwt.encode(said, private, ALGORITHM, headers={"kid": key_id(private)})


def new_private_key(path: Path) -> None:
    """Make a private key, in a new file that its owner alone can read. Raises `MintError`."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError as exc:
        raise MintError(f"{path} is there already; a key that has signed is not written over") from exc
    except OSError as exc:
        raise MintError(f"{path}: {exc.strerror}") from exc


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file at *path*. Raises `MintError`."""
    try:
        found = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as exc:
        raise MintError(f"{path}: {exc.strerror}") from exc
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise MintError(
            f"{path}: expected an unencrypted private key in PEM, as 'autorouter keys new' makes"
        ) from exc
    if not isinstance(found, Ed25519PrivateKey):
        raise MintError(f"{path}: expected an Ed25519 key, found another kind")
    return found


def key_set(keys: Sequence[Ed25519PrivateKey], issuer: str | None) -> str:
    """The JWKS of the public halves of *keys*; for tokens of *issuer* alone, if that is said."""
    return json.dumps({"keys": [_public(key, issuer) for key in keys]}, indent=2)


def key_id(key: Ed25519PrivateKey) -> str:
    """The thumbprint of RFC 7638: whoever has the key has its name."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _x(key)}
    return _base64(sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())


def _public(key: Ed25519PrivateKey, issuer: str | None) -> Mapping[str, str]:
    shape = {"kty": "OKP", "crv": "Ed25519", "alg": ALGORITHM, "use": "sig", "kid": key_id(key), "x": _x(key)}
    return shape if issuer is None else {**shape, "iss": issuer}


def _x(key: Ed25519PrivateKey) -> str:
    return _base64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
