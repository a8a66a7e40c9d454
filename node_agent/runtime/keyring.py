"""The keys that count on this node, whatever kind they are of, and what becomes of one that is shown."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import structlog

from node_agent.core.caller import Caller
from node_agent.core.errors import ConfigError, Denial, Denied
from node_agent.core.models import ModelName
from node_agent.core.rate import Buckets
from node_agent.core.units import Seconds
from node_agent.runtime import opaque
from node_agent.runtime.jwks import AGAIN_S, EVERY_S, Jwks
from node_agent.runtime.opaque import Opaque
from node_agent.runtime.ports import Clock
from node_agent.runtime.tokens import BadTokenError, Tokens

GUESSES = 30.0
"""Wrong keys a minute that one network is told of as such. Guessing is hopeless anyway; this bounds what it costs."""

GUESSES_OF_ALL = 6000.0
"""The same of all together whose network nobody knows, for a proxy speaks for them: 40 ms of work a second. Guessers
must not lock others out there, so a new token has to wait for a moment at most."""

_log = structlog.get_logger()


class Keyring:
    """Knows callers by their keys. Without a file and without public keys it is open: nobody needs one."""

    def __init__(
        self,
        clock: Clock,
        file: Path | None = None,
        jwks: Jwks | None = None,
        names: Mapping[str, ModelName] = MappingProxyType({}),
    ) -> None:
        """*names* are those of this node's models, by alias.

        Raises `ConfigError` for a file that cannot be read: at the start there is no last good one.
        """
        self._clock = clock
        self._file = file
        self._jwks = jwks
        self._names = names
        self._opaque = Opaque() if file is None else self._loaded(file)
        self._tokens = Tokens() if jwks is None else Tokens(jwks.first())
        self._guesses = Buckets()
        self._rates = Buckets()
        self._stale = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """True if nobody needs a key."""
        return self._file is None and self._jwks is None

    @property
    def has_budgets(self) -> bool:
        """True if a key of the file has one; what tokens say is known when they are shown."""
        return any(caller.budget is not None for caller in self._opaque.callers())

    def caller(self, shown: str, network: str) -> Caller:
        """Whose key *shown* is, if it counts now. Raises `Denied`. *network* is empty if it is not known.

        A right key is never held up by wrong ones from the same *network*, unless it is a token not seen before.
        """
        caller = self._opaque.caller(shown) or self._by_token(shown, network)
        try:
            caller.require_now(self._clock.unix())
        except Denied:
            self._guessed(network)
            raise
        return caller.by_own_names(self._names)

    def count(self, caller: Caller) -> None:
        """One request more of *caller*. Raises `Denied` with the time to wait if that is too often."""
        if caller.rate is None:
            return
        wait = self._rates.take(caller.name, caller.rate, self._clock.now())
        if wait:
            detail = f"the key is for {caller.rate:g} requests a minute"
            raise Denied(Denial.TOO_OFTEN, detail, wait=wait)

    def reload_soon(self) -> None:
        """Have `run` read the files again."""
        self._stale.set()

    async def reload(self) -> None:
        """Read the files again: each whole, or not at all. Ten thousand keys take a second, hence in a thread."""
        for reading in (self._read_file, self._read_jwks):
            try:
                await reading()
            except ConfigError as exc:
                _log.error("keys_reload_failed", reason=str(exc), kept="the last good ones")

    async def run(self) -> None:
        """Read files again when that is wished for, and keep public keys from a URL fresh, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reread())
            if self._jwks is not None and self._jwks.is_remote:
                group.create_task(self._follow(self._jwks))

    async def _reread(self) -> None:
        while await self._stale.wait():
            self._stale.clear()
            await self.reload()

    async def _follow(self, jwks: Jwks) -> None:
        while True:
            fresh = await self._fetch(jwks)
            await asyncio.sleep(EVERY_S if fresh else AGAIN_S)

    async def _fetch(self, jwks: Jwks) -> bool:
        try:
            self._tokens.trust(await jwks.fetch())
        except ConfigError as exc:
            _log.error("keys_reload_failed", reason=str(exc), kept="the last good ones")
            return False
        return True

    async def _read_file(self) -> None:
        if self._file is not None:
            self._opaque = await asyncio.to_thread(self._loaded, self._file)
            _log.info("keys_reloaded", file=self._file.name)

    def _loaded(self, file: Path) -> Opaque:
        loaded = opaque.load(file)
        named = {model for caller in loaded.callers() for model in caller.models or ()}
        if alien := sorted(named - self._names.keys()):
            _log.warning("keys are for models that this node does not have", file=file.name, models=alien)
        return loaded

    async def _read_jwks(self) -> None:
        if self._jwks is not None and not self._jwks.is_remote:
            self._tokens.trust(await asyncio.to_thread(self._jwks.read))

    def _by_token(self, shown: str, network: str) -> Caller:
        known = self._tokens.known(shown)
        if known is None:
            _refuse(network, self._guesses.wait(network, _limit(network), self._clock.now()))
            try:
                known = self._tokens.learn(shown)
            except BadTokenError as exc:
                self._guessed(network)
                raise Denied(Denial.UNKNOWN, _why(shown, exc)) from exc
        if known.jti in self._opaque.revoked:
            self._guessed(network)
            raise Denied(Denial.UNKNOWN, "the token was revoked")
        return known.holder

    def _guessed(self, network: str) -> None:
        _refuse(network, self._guesses.take(network, _limit(network), self._clock.now()))


def _limit(network: str) -> float:
    return GUESSES if network else GUESSES_OF_ALL


def _refuse(network: str, wait: Seconds) -> None:
    if wait:
        where = " from this network" if network else ""
        raise Denied(Denial.GUESSED, f"too many wrong keys came{where}", wait=wait)


def _why(shown: str, exc: BadTokenError) -> str:
    """Of a token, what is wrong with it; of anything else nothing, for nothing is known."""
    return f"the token does not count: {exc}" if shown.count(".") == 2 else "the key is not one that this node knows"
