"""Simulated models: what a request takes by how many run at once, and a closed or an open crowd of clients."""

import math
import random

from node_agent.core.limit import Limit
from node_agent.core.throughput import Finished
from node_agent.core.units import Instant, Seconds

TOKENS = 50
"""Mean length of an answer; lengths are exponential."""
TOKEN_S = 0.02
"""What a token takes while nobody is slowed."""
QUEUE = 8


def knee(at, power=1.0):
    """Up to *at* requests do not slow each other; above it they do, by that power."""
    return lambda n, now: max(1.0, n / at) ** power


def batching(each):
    """Every further request slows all by *each* of what one takes."""
    return lambda n, now: 1.0 + each * (n - 1)


def moving(*parts):
    """(until, slowness) after each other."""
    return lambda n, now: next(slow for until, slow in parts if now < until)(n, now)


class World:
    """*slow*(n, now): how many times as long a token takes when n run. *load*: requests a second; None: as many as
    are let in. *noise*: how far requests differ in speed, as a share."""

    def __init__(self, slow, most, *, load=None, noise=0.1, seed=1, limit=None):
        self.slow, self.load, self.noise = slow, load, noise
        self.dice = random.Random(seed)
        self.limit = limit or Limit(most, most)
        self.now = self.area = self.done = 0.0
        self.waiting = 0
        self.running = []  # [tokens left, slowness, started, area at the start, tokens]
        self.next = self._until_next()
        self.history = []  # (when, slots)

    def live(self, until):
        while self.now < until:
            self._admit()
            self._step()
            self.history.append((self.now, self.limit.slots))
        return self

    def slots(self, since, until):
        """Mean limit over a time, and the share of it that each was in force."""
        held = {}
        for (began, slots), (ended, _) in zip(self.history, self.history[1:], strict=False):
            if since <= began < until:
                held[slots] = held.get(slots, 0.0) + ended - began
        whole = sum(held.values())
        return sum(slots * time for slots, time in held.items()) / whole, {s: t / whole for s, t in held.items()}

    def within(self, wanted, by, since, until):
        """Share of a time in which the limit was that near."""
        return sum(share for slots, share in self.slots(since, until)[1].items() if abs(slots - wanted) <= by)

    def _until_next(self):
        return self.now + self.dice.expovariate(self.load) if self.load else math.inf

    def _admit(self):
        while len(self.running) < self.limit.slots and (self.load is None or self.waiting):
            self.waiting -= self.load is not None
            tokens = max(4, int(self.dice.expovariate(1 / TOKENS)))
            slowness = math.exp(self.dice.gauss(0.0, self.noise))
            self.running.append([tokens, slowness, self.now, self.area, tokens])

    def _step(self):
        n = len(self.running)
        token = TOKEN_S * self.slow(n, self.now) if n else 1.0
        step = min([self.next - self.now, 1.0, *(left * token * slow for left, slow, *_ in self.running)])
        self.now += step
        self.area += n * step
        for request in self.running:
            request[0] -= step / (token * request[1])
        for request in [each for each in self.running if each[0] <= 1e-9]:
            self.running.remove(request)
            self._finish(*request[2:])
        if self.now >= self.next:
            self.next = self._until_next()
            self.waiting = min(QUEUE, self.waiting + 1)

    def _finish(self, started, area, tokens):
        self.done += tokens
        took = self.now - started
        done = Finished(Seconds(took / tokens), (self.area - area) / took)
        self.limit = self.limit.fold(done, Instant(self.now))
