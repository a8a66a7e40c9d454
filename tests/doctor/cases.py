"""Cases for the doctor, and what its findings say in short."""

from pathlib import Path

from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Node, Region, Stage, Tier
from autorouter.core.names import Country, NodeName, RegionName
from autorouter.doctor.case import Case, Options
from autorouter.wire.finding import Verdict
from autorouter.wire.key import keys
from tests.scenes import TORONTO

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def region(agent="http://127.0.0.1:1", *, endpoint=None, name="yto-01", node=None, allow_private=True, models=None):
    return Region(
        name=RegionName(name),
        title=name,
        at=TORONTO,
        country=Country("CA"),
        tier=Tier.METRO,
        stage=Stage.ACTIVE,
        endpoint=endpoint or agent,
        nodes=(Node(NodeName(node or name), agent),),
        allow_private=allow_private,
        models=models,
    )


def case(*regions, secret=SECRET, **options):
    given = Options(Path("regions.yaml"), secret=secret, **options)
    return Case(given, Catalog(regions), keys=keys(secret))


def told(findings, verdict=Verdict.WRONG):
    """What is told with *verdict*."""
    return [each.told for each in findings if each.verdict is verdict]


def only(findings):
    """The one finding that there is."""
    (finding,) = findings
    return finding
