"""Keys for the agent's tests: one private key, tokens signed with it, and keys files."""

import json
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from autorouter.minting import key_id, key_set

PRIVATE = Ed25519PrivateKey.generate()
KID = key_id(PRIVATE)
KEY = "pg_0123456789ABCDEFGHIJKLMNOPQRSTUV"
OTHER = "pg_abcdefghijklmnopqrstuvwxyz012345"
FAR_OFF = 4_000_000_000


def entry(key=KEY, name="acme", **more):
    return {"name": name, "sha256": sha256(key.encode()).hexdigest(), **more}


def keys_file(folder, *entries, **more):
    path = folder / "keys.yaml"
    path.write_text(json.dumps({"keys": list(entries), **more}))
    return path


def jwks_file(folder, *keys):
    path = folder / "jwks.json"
    path.write_text(key_set(keys or (PRIVATE,), None))
    return str(path)


def claims(**more):
    said = {"sub": "acme", "iss": "autorouter", "aud": "autorouter", "jti": "1", "exp": FAR_OFF, **more}
    return {word: value for word, value in said.items() if value is not None}


def token(private=PRIVATE, algorithm="EdDSA", headers=None, **more):
    return jwt.encode(claims(**more), private, algorithm, headers={"kid": KID, **(headers or {})})


def bearer(key=KEY):
    return {"Authorization": f"Bearer {key}"}
