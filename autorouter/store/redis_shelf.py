"""What is known of client networks, in Redis: a stream of samples for those who listen, a hash of evidence to keep.

Redis's clock is the one that routers share: the stream's ids carry it, and the hash's times are by it. What is there
and makes no sense is skipped and counted. Only client networks are ever written, never an address.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import islice

from pydantic import ValidationError
from redis.exceptions import RedisError

from autorouter.core.errors import StoreError
from autorouter.core.latency.sample import Evidence, Sample
from autorouter.core.names import Network
from autorouter.core.units import Instant
from autorouter.reports import PlaceOf, evidence_of, record_of_evidence, record_of_sample, sample_of
from autorouter.store.redis import BATCH, BLOCK_MS, PATIENCE, client, entries, why
from autorouter.wire.sample import EvidenceRecord, SampleRecord

STREAM = "autorouter:v1:samples"
NETWORKS = "autorouter:v1:networks"

KEPT = 20_000
"""Samples kept in the stream, roughly; the hash has what they amount to."""

RECENT_MS = 60_000
"""How far back a new listener starts: what was told while others had not yet kept it."""

HEAP = 50
"""Networks read or written at a time: a millisecond or two."""

MOST_BYTES = 16 * 1024


class RedisShelf:
    """Evidence in Redis. *refused* is called for each entry that is none; *place_of* says where regions are."""

    def __init__(
        self, url: str, clock: Callable[[], Instant], refused: Callable[[], None], place_of: PlaceOf
    ) -> None:
        self._teller = client(url, PATIENCE)
        self._hearer = client(url, 2 * BLOCK_MS / 1000)
        self._now = clock
        self._refused = refused
        self._place_of = place_of
        self._heard: bytes = b"0-0"
        """Id of the entry from which is listened on."""

    async def tell(self, samples: Sequence[Sample]) -> None:
        """Tell every listener."""
        now = self._now()
        pipe = self._teller.pipeline(transaction=False)
        for sample in samples:
            told = record_of_sample(sample, now).model_dump_json(by_alias=True)
            _ = pipe.xadd(STREAM, {"s": told}, maxlen=KEPT, approximate=True)  # waits in the pipe
        try:
            await pipe.execute()
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def listen(self) -> AsyncGenerator[Sample, None]:
        """The recent past, or what came since this was last listened to; then everything as it comes."""
        try:
            ahead = await self._ahead()
            self._heard = self._onwards(ahead)
            while True:
                answer = await self._hearer.xread({STREAM: self._heard}, count=BATCH, block=BLOCK_MS)
                for entry, fields in entries(answer):
                    self._heard = entry
                    if (sample := self._sample(entry, fields, ahead)) is not None:
                        yield sample
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def keep(self, evidence: Mapping[Network, Evidence], gone: Sequence[Network] = ()) -> None:
        """Keep *evidence*, and nothing of those that are *gone*."""
        try:
            ahead = await self._ahead()
            networks = iter(evidence.items())
            while some := dict(islice(networks, HEAP)):
                told: list[bytes | str] = []
                for network, each in some.items():
                    told += network, record_of_evidence(each, ahead, self._place_of).model_dump_json(by_alias=True)
                await self._teller.hset(NETWORKS, items=told)
            if gone:
                await self._teller.hdel(NETWORKS, *gone)
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def recall(self) -> AsyncGenerator[tuple[Network, Evidence], None]:
        """Everything that is kept; what is told meanwhile will be heard, however long it takes."""
        try:
            ahead = await self._ahead()
            self._heard = self._onwards(ahead)
            async for network, told in self._hearer.hscan_iter(NETWORKS, count=HEAP):
                if (evidence := self._evidence(told, ahead)) is not None:
                    yield Network(network.decode(errors="replace")), evidence
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def kept(self) -> int:
        """How many networks the hash holds."""
        try:
            return int(await self._teller.hlen(NETWORKS))
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def close(self) -> None:
        """Let go of both connections."""
        await self._teller.aclose()
        await self._hearer.aclose()

    async def _ahead(self) -> float:
        """Redis's clock less ours, in seconds."""
        seconds, micros = await self._teller.time()
        return float(seconds + micros / 1e6 - self._now())

    def _onwards(self, ahead: float) -> bytes:
        """Where to listen on: where it was left, unless nothing was heard yet, or that is ahead of Redis's clock."""
        now = int((self._now() + ahead) * 1000)
        heard = int(self._heard.partition(b"-")[0])
        return self._heard if 0 < heard <= now else b"%d-0" % max(0, now - RECENT_MS)

    def _sample(self, entry: bytes, fields: dict[bytes, bytes], ahead: float) -> Sample | None:
        at = min(self._now(), Instant(int(entry.partition(b"-")[0]) / 1000 - ahead))
        try:
            return sample_of(SampleRecord.model_validate_json(fields.get(b"s", b"")[:MOST_BYTES]), at)
        except ValidationError:
            self._refused()
            return None

    def _evidence(self, told: bytes, ahead: float) -> Evidence | None:
        try:
            return evidence_of(EvidenceRecord.model_validate_json(told[:MOST_BYTES]), ahead, self._place_of)
        except ValidationError:
            self._refused()
            return None
