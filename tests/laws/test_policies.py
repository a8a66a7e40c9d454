"""What every steering policy keeps, whatever it prefers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.assigned import Assigned
from autorouter.core.decide import Case, pricing
from autorouter.core.eligible import EligibleSet
from autorouter.core.policies import POLICIES
from autorouter.core.query import RouteQuery
from autorouter.core.spill import Spill
from autorouter.core.units import Millis
from tests.scenes import NOW, believed, client, region

QUERY = RouteQuery(client(None, country=None))

few = st.sampled_from([0.0, 1.0, 2.0, 4.0])
"""A small pool on purpose: ties are where orderings go wrong, and wide floats hardly ever tie."""


def some_region(name, rtt, busy, queued):
    return region(name, rtt=Millis(rtt), busy=busy, queued=queued, service=40.0)


fleets = st.lists(
    st.builds(some_region, st.text("abcdefgh", min_size=1, max_size=4), few, few, few),
    unique_by=lambda view: view.region.name,
    max_size=12,
)


def priced(policy, views):
    case = Case(QUERY, policy, believed(QUERY.client, views), Spill(Assigned(NOW)), NOW)
    return policy.rank(EligibleSet(frozenset(), tuple(views)), pricing(case))


def order(policy, views):
    return [each.view.region.name for each in priced(policy, views)]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
class TestEveryPolicy:
    @given(views=fleets)
    def test_keeps_every_candidate_and_invents_none(self, policy, views):
        assert sorted(order(policy, views)) == sorted(view.region.name for view in views)

    @given(views=fleets, data=st.data())
    def test_does_not_depend_on_the_order_it_was_given(self, policy, views, data):
        assert order(policy, views) == order(policy, data.draw(st.permutations(views)))

    @given(views=fleets, data=st.data())
    def test_dropping_one_does_not_reorder_the_rest(self, policy, views, data):
        gone = data.draw(st.sampled_from(views)) if views else None
        rest = [name for name in order(policy, views) if gone is None or name != gone.region.name]
        assert order(policy, [view for view in views if view is not gone]) == rest

    @given(fleets)
    def test_nothing_is_clearly_better_than_itself(self, policy, views):
        assert not any(policy.clearly(each, each) for each in priced(policy, views))

    @given(fleets)
    def test_what_is_ranked_after_is_never_clearly_better(self, policy, views):
        ranked = priced(policy, views)
        assert not any(policy.clearly(later, ranked[0]) for later in ranked[1:])
