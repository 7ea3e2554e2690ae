"""Small changes of the line in force: found once, kept with their line; the exact answer where there is one."""

from __future__ import annotations

import pytest

from portal import actions_gains, actions_study
from portal.actions import ActionError
from portal.identity import Role
from simulators.line import Distribution, Line, Station
from templates.line_document import write_line


def line(first: float, second: float) -> Line:
    return Line(
        name="l",
        stations=(
            Station(name="saw", cycle=Distribution.exponential(first), buffer=2),
            Station(name="drill", cycle=Distribution.exponential(second)),
        ),
    )


def test_gains_are_found_once_and_kept_with_their_line(installation):
    owner = installation.as_(Role.OWNER)
    assert actions_gains.line_gains(owner) is None
    with pytest.raises(ActionError, match="no line"):
        actions_gains.find_gains(owner)
    actions_study.save_line(owner, write_line(line(600, 900)))
    before = actions_gains.line_gains(owner)
    assert before["gains"] is None
    assert before["exact"]["kind"] == "two_exponential"
    found = actions_gains.find_gains(owner)
    assert actions_gains.line_gains(owner)["gains"] == found
    assert (found[0]["station"], found[0]["change"], found[0]["certain"]) == ("drill", "cycle", True)
    assert {(one["station"], one["change"]) for one in found} == {
        ("saw", "cycle"),
        ("saw", "buffer"),
        ("drill", "cycle"),
    }
    actions_study.save_line(owner, write_line(line(600, 950)))
    assert actions_gains.line_gains(owner)["gains"] is None


def test_a_line_too_fast_for_a_quick_look_is_refused(installation):
    owner = installation.as_(Role.OWNER)
    actions_study.save_line(owner, write_line(line(0.01, 0.01)))
    with pytest.raises(ActionError) as refused:
        actions_gains.find_gains(owner)
    assert refused.value.code == "gains_too_large"
