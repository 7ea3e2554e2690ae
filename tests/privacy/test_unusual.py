from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from privacy.unusual import LEAST_REFUSALS, LEAST_VOLUME, MANY_TENANTS, Seen, unusual

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def seen(
    hours_ago: float, *, actor: str = "m-1", tenant: str = "north", refused: bool = False, vendor: bool = False
) -> Seen:
    at = NOW - timedelta(hours=hours_ago)
    return Seen(at=at, actor=actor, role="analyst", tenant=tenant, refused=refused, vendor=vendor)


def rules(entries: list[Seen]) -> dict[str, dict[str, float]]:
    return {one.rule: dict(one.figures) for one in unusual(entries, now=NOW)}


def usual_days(count: int, *, each: int = 10) -> list[Seen]:
    """The same hours, day after day: 12:00 down in minutes."""
    return [seen(24 * day + 1 + number / 60) for day in range(1, count + 1) for number in range(each)]


def test_a_usual_day_is_not_unusual() -> None:
    assert rules(usual_days(10) + [seen(1 + number / 60) for number in range(12)]) == {}


def test_four_times_ones_own_usual_day_is() -> None:
    today = [seen(1 + number / 600) for number in range(LEAST_VOLUME + 5)]
    assert rules(usual_days(10) + today) == {"volume": {"count": 45, "usual": 10, "days": 10}}
    assert rules(usual_days(10, each=30) + today) == {}


def test_an_hour_of_the_day_in_which_one_never_works_is() -> None:
    found = rules([*usual_days(10), seen(9)])
    assert found == {"hours": {"count": 1, "hour": 3, "before": 0, "history": 100}}
    assert rules([*usual_days(4), seen(9)]) == {}  # too little is known of him


def test_many_refusals_are_and_a_few_among_much_work_are_not() -> None:
    refused = [seen(1, refused=True) for _ in range(LEAST_REFUSALS)]
    assert rules(refused) == {"refusals": {"count": 5, "tried": 5}}
    assert rules(refused + [seen(1) for _ in range(30)]) == {}
    assert rules(refused[:-1]) == {}


def test_one_of_the_vendor_who_meets_many_tenants_within_an_hour_is() -> None:
    tenants = [seen(1 + number / 10, tenant=f"t{number}", vendor=True) for number in range(MANY_TENANTS)]
    assert rules(tenants) == {"breadth": {"tenants": 5}}
    spread = [seen(1 + 2 * number, tenant=f"t{number}", vendor=True) for number in range(MANY_TENANTS)]
    assert rules(spread) == {}


@given(
    st.lists(
        st.builds(
            seen,
            st.floats(min_value=-5, max_value=24 * 30),
            actor=st.sampled_from("abc"),
            tenant=st.sampled_from("xyzuvw"),
            refused=st.booleans(),
            vendor=st.booleans(),
        ),
        max_size=120,
    )
)
def test_whatever_happened_each_finding_names_somebody_of_the_last_day(entries) -> None:
    today = {one.actor for one in entries if timedelta() <= NOW - one.at < timedelta(days=1)}
    for one in unusual(entries, now=NOW):
        assert one.actor in today
        assert NOW - timedelta(days=1) < one.at <= NOW
