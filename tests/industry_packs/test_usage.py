"""Counts of versions: what may be shown, when a canary is stopped, what is weak."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from industry_packs.usage import Tried, Usage, band, judge, shown, weak_cards, weak_defaults, worse_by_chance

tried = st.integers(0, 60).flatmap(lambda of: st.integers(0, of).map(lambda bad: Tried(bad=bad, of=of)))


def usage(given_up: Tried, *, tenants: int = 12, **more: object) -> Usage:
    return Usage(pack="p", version="1.1.0", tenants=tenants, given_up=given_up, **more)


@given(tried, tried)
def test_the_chance_is_fishers(new: Tried, old: Tried) -> None:
    table = [[new.bad, new.of - new.bad], [old.bad, old.of - old.bad]]
    assert abs(worse_by_chance(new, old) - stats.fisher_exact(table, alternative="greater").pvalue) < 1e-9


def test_a_canary_that_people_give_up_is_stopped_and_one_like_before_is_widened() -> None:
    published = usage(Tried(bad=40, of=400))
    bad = judge(usage(Tried(bad=14, of=40)), published)
    assert (bad.advice, bad.measure) == ("stop", "given_up")
    assert judge(usage(Tried(bad=4, of=40)), published).advice == "widen"
    assert judge(usage(Tried(bad=1, of=10)), published).advice == "wait"
    assert judge(usage(Tried(bad=9, of=40)), published).advice == "wait"  # worse, perhaps by chance


def test_each_of_the_three_measures_can_stop_it() -> None:
    quiet = Tried(bad=2, of=40)
    published = usage(quiet, rejected={"x": quiet}, failed_backtests=quiet)
    bad = Tried(bad=25, of=40)
    assert judge(usage(quiet, rejected={"x": bad}, failed_backtests=quiet), published).measure == "rejected"
    assert judge(usage(quiet, rejected={"x": quiet}, failed_backtests=bad), published).measure == "failed_backtests"


def test_alike_versions_are_seldom_stopped() -> None:
    """Of all outcomes that two alike versions can have, those that stop the canary weigh no more than the rule says."""
    share, n = 0.2, 30
    chance = stats.binom(n, share).pmf
    stopped = sum(
        chance(new) * chance(old)
        for new in range(n + 1)
        for old in range(n + 1)
        if judge(usage(Tried(bad=new, of=n)), usage(Tried(bad=old, of=n))).advice == "stop"
    )
    assert stopped < 0.01


def test_few_tenants_are_not_shown_and_the_rest_is_rounded() -> None:
    assert shown(usage(Tried(bad=3, of=17), tenants=4)) is None
    told = shown(usage(Tried(bad=3, of=17), verdict_hours=(1, 2, 8, 0, 0)))
    assert told is not None
    assert (told["tenants"], told["studies"], told["given_up"], told["verdict_hours"]) == (10, 15, 5, [0, 0, 10, 0, 0])
    assert [band(hours) for hours in (0, 3.9, 4, 167, 168)] == [0, 1, 2, 3, 4]


def test_what_most_reject_is_flagged_and_a_few_bad_days_retire_no_card() -> None:
    rejected = {"often": Tried(bad=9, of=12), "seldom": Tried(bad=2, of=12), "new": Tried(bad=5, of=5)}
    assert weak_defaults(usage(Tried(bad=0, of=1), rejected=rejected)) == ("often",)
    uses = {
        "a": Tried(bad=40, of=50), "b": Tried(bad=9, of=10), "c": Tried(bad=10, of=100), "d": Tried(bad=3, of=3),
        "e": Tried(bad=0, of=80), "f": Tried(bad=6, of=12),
    }  # fmt: skip
    assert weak_cards(uses) == ("a", "b", "f")
