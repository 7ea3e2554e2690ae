"""The sample plant speaks the language of who loads it: its machines, and with them its line and its charts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from portal import actions_data, actions_study
from portal.identity import Role
from portal.workspace import Workspace


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_machines_of_the_sample_are_named_in_the_language_of_the_member(installation, language) -> None:
    owner = installation.as_(Role.OWNER)
    member = replace(owner.member, language=language)
    workspace = Workspace(member, installation.store, installation.keys, installation.clock)
    actions_data.load_sample(workspace)
    names = actions_study.fit_line(workspace).stations
    assert len(names) == 5
    assert all(bool(re.search(r"[\u4e00-\u9fff]", name)) == (language == "zh-CN") for name in names)
