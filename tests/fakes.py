"""Fakes at the router's ports."""

from autorouter.core.names import RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.runtime.clock import now

US = RouterName("us")


class FakeLook:
    """Finds whatever `says` says: an outcome, or an exception to break its promise with."""

    def __init__(self, region, node, looks):
        self.region = region
        self.node = node
        self.looks = looks
        self.closed = False

    async def __call__(self):
        self.looks.asked.append(self.node.name)
        says = self.looks.says.get(self.node.name, Outcome.READY)
        if self.looks.waits is not None:
            await self.looks.waits.wait()
        if isinstance(says, Exception):
            raise says
        report = Report("boot", len(self.looks.asked), "0.1") if says is Outcome.READY else None
        return Observation(US, self.region.name, self.node.name, now(), says, "", None, report)

    async def close(self):
        self.closed = True


class FakeProbe:
    def __init__(self):
        self.asked = []
        self.says = {}
        self.waits = None
        self.opened = []

    def __call__(self, region, node):
        look = FakeLook(region, node, self)
        self.opened.append(look)
        return look


class FakeWitness:
    def __init__(self):
        self.told = []
        self.fleets = []

    def observed(self, observation):
        self.told.append(("observed", observation.node))

    def published(self, before, after):
        assert after.revision == before.revision + 1
        self.fleets.append(after)

    def store_changed(self, side, fault=""):
        if (side, fault) not in self.told:
            self.told.append((side, fault))

    def exchange_changed(self, fault=""):
        self.told.append(("exchange", fault))

    def failed(self, what, exc):
        self.told.append((what, str(exc)))
