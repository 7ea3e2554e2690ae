"""What pages say is told apart: a select box knows its options by their words alone."""

from __future__ import annotations

from hypothesis import given, strategies

from portal import parts


@given(
    strategies.dictionaries(strategies.integers().map(str), strategies.sampled_from(["Line", "Line (2)", "Press", ""]))
)
def test_no_two_options_of_a_box_read_the_same(labels):
    told = parts.distinct(labels)
    assert told.keys() == labels.keys()
    assert len(set(told.values())) == len(labels)


def test_check_lists_that_two_packs_bring_are_told_apart():
    from portal import catalogue
    from portal.pages import checks

    offer = catalogue.checklists_on_offer()
    names = checks._names(offer)
    assert len(set(names.values())) == len(offer)
