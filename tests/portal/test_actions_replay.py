"""One shift of the line in force: simulated once, kept, and gone from view when the line changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal import actions_replay, actions_study
from portal.actions import ActionError
from portal.identity import Role
from simulators.figures import Window
from simulators.line import Distribution, Line, Station
from simulators.states import STATES
from simulators.twin import run_twin
from templates.line_document import write_line


def line(servers: int = 2) -> Line:
    return Line(
        name="l",
        stations=(
            Station(name="saw", cycle=Distribution.exponential(60), servers=servers, buffer=3),
            Station(name="drill", cycle=Distribution.exponential(90)),
        ),
    )


def test_a_shift_is_simulated_kept_and_belongs_to_its_line(installation):
    owner = installation.as_(Role.OWNER)
    assert actions_replay.replay(owner) is None
    with pytest.raises(ActionError, match="no line"):
        actions_replay.replay_line(owner)
    actions_study.save_line(owner, write_line(line()))
    made = actions_replay.replay_line(owner)
    assert actions_replay.replay(owner) == made
    assert (made["stations"], made["machines"], made["rooms"]) == (["saw", "drill"], [0, 0, 1], [3, 0])
    assert {len(row) for row in made["states"]} == {len(made["bottleneck"])} == {actions_replay.SLICES}
    assert max(made["levels"][0]) <= 3
    window = Window(warmup=made["begin"], horizon=made["end"])
    twin = run_twin(line(), window, actions_replay.SEED, 0)
    assert made["pieces"] == twin.total("good_out")
    for station, seconds in enumerate(made["seconds"]):
        assert [seconds[state] for state in STATES] == pytest.approx(twin.states[station].tolist(), abs=1e-6)
    actions_study.save_line(owner, write_line(replace(line(), name="another")))
    assert actions_replay.replay(owner) is None


def test_more_machines_than_a_page_shows_are_refused(installation):
    owner = installation.as_(Role.OWNER)
    actions_study.save_line(owner, write_line(line(servers=80)))
    with pytest.raises(ActionError) as refused:
        actions_replay.replay_line(owner)
    assert refused.value.code == "replay_too_wide"
    assert actions_replay.replay(owner) is None
