"""A tender in the portal: proposed, confirmed or rejected line by line, kept with where it was read."""

from __future__ import annotations

import hashlib

import pytest
from streamlit.testing.v1 import AppTest

from portal import actions_data, actions_requirements
from portal.actions import ActionError
from portal.identity import Role
from tests.templates.test_requirements import TENDER, pdf


@pytest.fixture(scope="module")
def tender() -> bytes:
    return pdf(TENDER)


def staged(workspace, data: bytes) -> str:
    return actions_data.stage_upload(workspace, data, name="招标文件.pdf")


def test_only_what_is_confirmed_is_kept_and_with_its_place(installation, tender):
    owner = installation.as_(Role.OWNER)
    upload = staged(owner, tender)
    proposal = actions_requirements.propose_requirements(owner, upload)
    assert (proposal.pages, proposal.confirmed, proposal.rejected) == (2, 0, 0)
    assert actions_requirements.requirements(owner) == []
    actions_requirements.decide_requirements(
        owner,
        upload,
        decisions={0: "confirm", 1: "reject", 2: "confirm"},
        changes={2: {"value": 97.0}, 1: {"value": 3}},
    )
    (matrix,) = actions_requirements.requirements(owner)
    assert matrix.sha256 == hashlib.sha256(tender).hexdigest()
    assert matrix.rejected == 1
    first, second = matrix.lines
    assert {key: first[key] for key in proposal.lines[0]} == proposal.lines[0]
    assert first["confirmed_by"] == owner.member.id
    assert (second["value"], second["as_read"], second["page"]) == (97.0, {"value": 98.0}, 1)
    left = actions_requirements.propose_requirements(owner, upload)
    assert set(left.lines) == set(proposal.lines) - {0, 1, 2}
    actions_requirements.decide_requirements(owner, upload, decisions={3: "confirm", 2: "reject"}, changes={})
    (matrix,) = actions_requirements.requirements(owner)
    assert [line["place"] for line in matrix.lines] == [0, 3]


def test_the_file_goes_and_the_confirmed_lines_stay(installation, tender):
    owner = installation.as_(Role.OWNER)
    upload = staged(owner, tender)
    actions_requirements.propose_requirements(owner, upload)
    drawn = actions_requirements.requirement_page(owner, upload, page=1)
    assert drawn.startswith(b"\x89PNG")
    assert actions_requirements.requirement_page(owner, upload, page=1) == drawn
    actions_requirements.decide_requirements(owner, upload, decisions={0: "confirm"}, changes={})
    actions_data.discard_upload(owner, upload)
    assert [one for one in owner.list("reading") if upload in one.inputs] == []
    with pytest.raises(ActionError, match="no such value"):
        actions_requirements.requirement_page(owner, upload, page=1)
    (matrix,) = actions_requirements.requirements(installation.as_(Role.FINANCE_READER))
    actions_requirements.remove_requirements(owner, matrix.id)
    assert actions_requirements.requirements(owner) == []


@pytest.mark.parametrize(
    ("decisions", "changes", "code"),
    [
        ({}, {}, "requirement_unread"),
        ({999: "confirm"}, {}, "requirement_unread"),
        ({-1: "confirm"}, {}, "requirement_unread"),
        ({0: "perhaps"}, {}, "requirement_decision"),
        ({0: "confirm"}, {0: {"name": ""}}, "requirement_incomplete"),
    ],
)
def test_what_cannot_be_decided_is_refused(installation, tender, decisions, changes, code):
    owner = installation.as_(Role.OWNER)
    upload = staged(owner, tender)
    actions_requirements.propose_requirements(owner, upload)
    with pytest.raises(ActionError) as refused:
        actions_requirements.decide_requirements(owner, upload, decisions=decisions, changes=changes)
    assert refused.value.code == code
    assert actions_requirements.requirements(owner) == []


def test_a_reader_may_look_and_not_decide(installation, tender):
    owner = installation.as_(Role.OWNER)
    upload = staged(owner, tender)
    reader = installation.as_(Role.FINANCE_READER)
    with pytest.raises(ActionError):
        actions_requirements.propose_requirements(reader, upload)
    with pytest.raises(ActionError):
        actions_requirements.decide_requirements(reader, upload, decisions={0: "confirm"}, changes={})


def page(workspace):
    from portal import actions_data, requirements_view

    (upload,) = actions_data.uploads(workspace)
    requirements_view.draw(workspace, upload, password=None, tables=0)
    requirements_view.draw_kept(workspace)


def test_a_page_is_confirmed_where_it_is_shown(installation, tender):
    owner = installation.as_(Role.OWNER)
    staged(owner, tender)
    drawn = AppTest.from_function(page, kwargs={"workspace": owner}, default_timeout=60).run()
    assert not drawn.exception
    (lines,) = drawn.dataframe
    assert list(lines.value["name"])[:2] == ["灌装机额定产能", "灌装精度"]
    next(one for one in drawn.button if one.key.startswith("keep-page-")).click().run()
    assert not drawn.exception
    (matrix,) = actions_requirements.requirements(owner)
    assert len(matrix.lines) == len(lines.value)
