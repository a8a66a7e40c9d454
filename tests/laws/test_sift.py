"""What no fleet and no question can make happen: a region that a firm rule forbids is never ranked."""

from hypothesis import given, settings
from hypothesis import strategies as st

from autorouter.core.fleet import Health, Stage, Tier
from autorouter.core.names import Country, ModelName, RegionName
from autorouter.core.query import Priority, Scope
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, client, region, route

COUNTRIES, MODELS = ["CA", "US", "NO"], ["a", "b"]
places = st.sampled_from([TORONTO, MONTREAL, NEW_YORK])


@st.composite
def fleets(draw):
    return [
        region(
            f"r{i}",
            draw(places),
            country=draw(st.sampled_from(COUNTRIES)),
            tier=draw(st.sampled_from([Tier.METRO, Tier.CLOUD])),
            stage=draw(st.sampled_from([Stage.ACTIVE, Stage.ACTIVE, Stage.DRAINING, Stage.PLANNED])),
            health=draw(st.sampled_from(Health)),
            models=draw(st.sets(st.sampled_from(MODELS))),
            busy=draw(st.sampled_from([0, 4])),
            service=100.0,
            draining=draw(st.booleans()),
        )
        for i in range(draw(st.integers(0, 6)))
    ]


questions = st.fixed_dictionaries(
    {
        "residency": st.frozensets(st.sampled_from([Country(c) for c in COUNTRIES]), max_size=2),
        "models": st.frozensets(st.sampled_from([ModelName(m) for m in MODELS]), max_size=2),
        "scope": st.sampled_from(Scope),
        "exclude": st.frozensets(st.sampled_from([RegionName("r0"), RegionName("r1")]), max_size=2),
        "previous": st.sampled_from([None, RegionName("r0"), RegionName("r2")]),
        "priority": st.sampled_from(Priority),
    }
)


@settings(max_examples=400)
@given(fleet=fleets(), asked=questions, who=st.builds(client, places, st.sampled_from([None, *COUNTRIES])))
def test_everything_ranked_is_allowed_and_every_region_is_accounted_for(fleet, asked, who):
    decision = route(*fleet, who=who, **asked)
    for candidate in decision.ranked:
        view = candidate.view
        assert not asked["residency"] or view.region.country in asked["residency"]
        assert view.region.stage is Stage.ACTIVE
        assert view.region.name not in asked["exclude"]
        assert view.health >= Health.DEGRADED
        assert asked["models"] <= set(view.nodes[0].models)
        assert not view.nodes[0].draining
    ranked = [candidate.view.region.name for candidate in decision.ranked]
    told = ranked + [each.region for each in decision.rejected]
    assert sorted(told) == sorted(view.region.name for view in fleet)
    assert len({candidate.view.region.tier for candidate in decision.ranked} & {Tier.CLOUD}) in {0, len(
        {candidate.view.region.tier for candidate in decision.ranked}
    )}  # fmt: skip
    assert decision.ttl > 0


@given(fleet=fleets(), asked=questions)
def test_the_same_question_has_the_same_answer_in_any_order_of_regions(fleet, asked):
    forth, back = route(*fleet, **asked), route(*reversed(fleet), **asked)
    assert [c.view.region.name for c in forth.ranked] == [c.view.region.name for c in back.ranked]
    assert (forth.ttl, forth.bent, forth.kept) == (back.ttl, back.bent, back.kept)
