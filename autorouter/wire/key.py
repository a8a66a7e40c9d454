"""The key that routers and nodes share, and what it proves: that a router asks for a status, or sent a client.

The secret itself never crosses the wire. A ticket keeps no state on the router: whoever holds the key can tell that a
router asked this network to be measured by this region within this minute. Pure but for hashing: no clock, no file.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from hmac import compare_digest

SLOT_S = 60
"""Seconds of wall clock in which a network's ticket for a region is the same one."""

SHORTEST = 32
"""Characters of a secret: 128 bits if it is hexadecimal. Guesses can be tried on a ticket without asking anybody."""


@dataclass(frozen=True, slots=True)
class Key:
    """A shared secret."""

    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        """What a ticket calls it, so that keys can be changed one machine after another."""
        return self._mac("name", "")[:8]

    @property
    def bearer(self) -> str:
        """What a router shows a node: ``Authorization: Bearer …``."""
        return self._mac("status", "")

    def ticket(self, network: str, region: str, slot: int) -> str:
        """Proof that a router asked *network* to be measured by *region* in *slot*: 41 characters, safe in a URL."""
        return f"{self.name}.{self._mac('probe', f'{network}|{region}|{slot}')}"

    def derived(self, purpose: str, text: str = "") -> bytes:
        """32 bytes for one *purpose*, of 16 letters at most: who has the key has them, and nobody else."""
        return self._hash(purpose, text, 32)

    def _mac(self, purpose: str, text: str) -> str:
        return self._hash(purpose, text, 16).hex()

    def _hash(self, purpose: str, text: str, size: int) -> bytes:
        secret = blake2b(self.secret.encode(), digest_size=32).digest()
        return blake2b(text.encode(), key=secret, person=purpose.encode(), digest_size=size).digest()


def slot_at(unix_seconds: float) -> int:
    """The slot of a moment.

    >>> slot_at(119.9), slot_at(120.0)
    (1, 2)
    """
    return int(unix_seconds // SLOT_S)


def keys(text: str) -> tuple[Key, ...]:
    """The keys in *text*, separated by commas: the first signs, all count. Raises `ValueError` for a bad one.

    >>> [key.name for key in keys("an-old-secret-of-32-characters---, a-new-secret-of-32-characters---")]
    ['d12213cc', '1fecb5e9']
    """
    found = tuple(Key(each.strip()) for each in text.split(",") if each.strip())
    if any(len(key.secret) < SHORTEST or not key.secret.isprintable() for key in found):
        raise ValueError(
            f"found a key that is not at least {SHORTEST} printable characters; expected what no one can guess: "
            "openssl rand -hex 32 gives 64"
        )
    return found


def is_bearer(keys: Iterable[Key], shown: str) -> bool:
    """Whether *shown* is what a router with one of *keys* shows."""
    return any(compare_digest(key.bearer.encode(), shown.encode(errors="replace")) for key in keys)


def is_ticket(keys: Iterable[Key], shown: str, network: str, region: str, slot: int) -> bool:
    """Whether *shown* is a ticket for *network* and *region* of about *slot*: clocks may be a minute apart."""
    slots = (slot, slot - 1, slot + 1)
    made = (key.ticket(network, region, each) for key in keys for each in slots)
    return any(compare_digest(each.encode(), shown.encode(errors="replace")) for each in made)
