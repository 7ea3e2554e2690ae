"""A pack from a draft in the studio to the shelf of a tenant, without a terminal and with two persons."""

from __future__ import annotations

import pytest

from industry_packs.errors import PackError
from portal import actions_packs, actions_releases, actions_studio, actions_study, catalogue
from portal.actions import ActionError
from portal.identity import Role
from portal.shelf import keep_packs_in, put_up
from templates.documents import DocumentError

WHY, SOURCE = "Measured on two presses over eight weeks.", "trial report 7"
MODULE = "modules/fast-changeover.yaml"
CALCULATOR = "calculators/scrap_cost.yaml"


@pytest.fixture
def studio(installation):
    keep_packs_in(installation.store, installation.root / "data" / "packs")
    return installation


def begun(studio) -> tuple:
    architect = studio.as_(Role.ARCHITECT)
    name = actions_studio.draft_pack(
        architect,
        pack="paint-shop",
        like="discrete-manufacturing",
        title_zh="涂装车间",
        title_en="Paint shop",
        reviewer="second pair of eyes",
    )
    return architect, name


def change(architect, name: str, file: str = MODULE, reason: str = WHY, source: str = SOURCE, **what) -> None:
    turn = actions_studio.open_draft(architect, name)["turn"]
    actions_studio.edit_draft(architect, name, turn=turn, file=file, change=what, reason=reason, source=source)


def reviewed(reviewer, name: str, **what) -> None:
    turn = actions_studio.open_draft(reviewer, name)["turn"]
    actions_releases.review_pack(reviewer, name, turn=turn, **what)


def refused(call, code: str, kind: type[ValueError] = ActionError) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_draft_begins_complete_and_each_change_has_its_reason(studio) -> None:
    architect, name = begun(studio)
    draft = actions_studio.open_draft(architect, name)
    assert (draft["version"], draft["findings"], draft["differences"]) == ("0.1.0", [], [])
    change(architect, name, values={"effects[0].likely": "25 %"})
    draft = actions_studio.open_draft(architect, name)
    (row,) = draft["differences"]
    assert (row["file"], row["place"], row["before"], row["after"]) == (MODULE, "effects[0].likely", "30 %", "25 %")
    assert [(one["reason"], one["source"]) for one in draft["changes"]] == [(WHY, SOURCE)]
    actions_studio.undo_draft(architect, name, turn=draft["turn"], file=MODULE)
    assert actions_studio.open_draft(architect, name)["differences"] == []


def test_a_change_without_reason_source_or_on_an_old_state_is_refused(studio) -> None:
    architect, name = begun(studio)
    what = {"values": {"effects[0].likely": "25 %"}}
    refused(lambda: change(architect, name, reason="because", **what), "reason_too_short")
    refused(lambda: change(architect, name, source=" ", **what), "source_missing")
    refused(lambda: change(architect, name, values={}), "nothing_changed")
    seen = actions_studio.open_draft(architect, name)["turn"]
    change(architect, name, **what)
    late = {"turn": seen, "file": MODULE, "reason": WHY, "source": SOURCE}
    refused(
        lambda: actions_studio.edit_draft(architect, name, change={"values": {"effects[0].low": "5 %"}}, **late),
        "draft_changed",
    )
    refused(lambda: change(architect, name, text="a: [", file=MODULE), "yaml_syntax", DocumentError)
    assert actions_studio.open_draft(architect, name)["files"][MODULE].count("25 %") == 1


def test_documents_are_copied_and_taken_out(studio) -> None:
    architect, name = begun(studio)
    change(architect, name, file=CALCULATOR, copy="rework_cost")
    files = actions_studio.open_draft(architect, name)["files"]
    assert "id: rework_cost\n" in files["calculators/rework_cost.yaml"]
    refused(lambda: change(architect, name, file=CALCULATOR, copy="../evil"), "bad_file_name_in_draft")
    change(architect, name, file="calculators/rework_cost.yaml", drop=True)
    assert actions_studio.open_draft(architect, name)["differences"] == []
    refused(lambda: change(architect, name, file="pack.yaml", drop=True), "bad_file_name_in_draft")


def test_previews_and_wrong_units_are_shown(studio) -> None:
    architect, name = begun(studio)
    shown = actions_studio.preview_draft(architect, name, file=CALCULATOR)
    assert shown["kind"] == "calculator"
    assert {one["name"]: round(one["p50"]) for one in shown["outputs"]}["defects"] == 6250
    change(architect, name, file=CALCULATOR, values={"formulas.scrap_loss.unit": "h/year"})
    shown = actions_studio.preview_draft(architect, name, file=CALCULATOR)
    assert shown["refused"]["place"]
    assert {one["file"] for one in actions_studio.open_draft(architect, name)["findings"]} >= {CALCULATOR}
    report = actions_studio.test_pack(architect, name)
    assert not report["passed"]
    refused(lambda: actions_studio.submit_pack(architect, name), "not_tested")


def test_only_architects_write_and_tenants_see_no_draft(studio) -> None:
    architect, name = begun(studio)
    for role in (Role.REP, Role.SYSTEM_ADMIN, Role.COMPLIANCE_OFFICER):
        refused(lambda role=role: actions_studio.list_drafts(studio.as_(role)), "action_refused")
    reviewer = studio.as_(Role.REVIEWER)
    assert actions_studio.list_drafts(reviewer)[0]["id"] == name
    refused(lambda: change(reviewer, name, values={"effects[0].likely": "1 %"}), "action_refused")
    refused(lambda: reviewed(architect, name, approve=True, reason=WHY), "action_refused")


def test_a_pack_reaches_the_tenants_and_goes_back(studio) -> None:
    architect, name = begun(studio)
    change(architect, name, values={"effects[0].likely": "25 %"})
    assert actions_studio.test_pack(architect, name)["passed"]
    actions_studio.submit_pack(architect, name)
    refused(lambda: change(architect, name, values={"effects[0].likely": "26 %"}), "draft_submitted")
    reviewer, owner = studio.as_(Role.REVIEWER), studio.as_(Role.OWNER)
    refused(lambda: reviewed(reviewer, name, approve=True, reason="ok"), "reason_too_short")
    reviewed(reviewer, name, approve=True, reason=WHY)
    assert name not in {row["id"] for row in actions_packs.list_packs(owner)}
    actions_releases.publish_pack(reviewer, name, version="0.1.0")
    assert name in {row["id"] for row in actions_packs.list_packs(owner)}
    put_up(owner)
    assert catalogue.modules_on_offer()["paint-shop/fast-changeover"].effects[0].likely == 0.25
    refused(lambda: actions_releases.rollback_pack(reviewer, name, reason=WHY), "nothing_before", PackError)
    actions_releases.retire_pack(reviewer, name, version="0.1.0", reason=WHY)
    assert name not in {row["id"] for row in actions_packs.list_packs(owner)}


def test_whoever_had_a_hand_in_a_draft_cannot_judge_it_in_another_role(studio) -> None:
    architect, name = begun(studio)
    helper = studio.as_(Role.ARCHITECT, who="helper")
    change(helper, name, values={"effects[0].likely": "25 %"})
    turn = actions_studio.open_draft(helper, name)["turn"]
    actions_studio.undo_draft(architect, name, turn=turn, file=MODULE)  # which takes the helper's change off the list
    actions_studio.test_pack(architect, name)
    actions_studio.submit_pack(architect, name)
    for who in ("helper", architect.member.id):
        judge = studio.as_(Role.REVIEWER, who=who)
        assert actions_releases.pack_releases(judge)["waiting"][0]["mine"]
        refused(
            lambda judge=judge: reviewed(judge, name, approve=True, reason=WHY),
            "two_persons_needed",
        )


def test_a_new_version_of_a_shipped_pack_is_compared_and_returned(studio) -> None:
    architect, reviewer = studio.as_(Role.ARCHITECT), studio.as_(Role.REVIEWER)
    name = actions_studio.draft_pack(
        architect, pack="discrete-manufacturing", like="discrete-manufacturing", title_zh="", title_en="", reviewer=""
    )
    change(architect, name, file="pack.yaml", values={"version": "1.9.0", "changes[0].version": "1.9.0"})
    change(architect, name, file="templates/scrap-cost.yaml", values={"sample.pieces_per_week": 90000})
    report = actions_studio.test_pack(architect, name)
    assert [test["why"] for test in report["tests"] if not test["passed"]]
    refused(lambda: actions_studio.submit_pack(architect, name), "not_tested")
    turn = actions_studio.open_draft(architect, name)["turn"]
    actions_studio.undo_draft(architect, name, turn=turn, file="templates/scrap-cost.yaml")
    change(architect, name, values={"effects[0].likely": "28 %"})
    assert actions_studio.test_pack(architect, name)["passed"]
    actions_studio.submit_pack(architect, name)
    reviewed(reviewer, name, approve=False, reason=WHY)
    assert actions_studio.list_drafts(architect)[0]["state"] == "returned"
    actions_studio.submit_pack(architect, name)
    reviewed(reviewer, name, approve=True, reason=WHY)
    rows = actions_releases.compare_release(reviewer, name, version="1.9.0")
    assert {row["template"] for row in rows} > {"discrete.scrap-cost"}
    assert {row["template"] for row in rows if row["before"] != row["after"]} == {"discrete.fast-changeover-line"}


def test_a_file_changed_in_the_store_is_left_out(studio) -> None:
    architect, name = begun(studio)
    actions_studio.test_pack(architect, name)
    actions_studio.submit_pack(architect, name)
    reviewer, owner = studio.as_(Role.REVIEWER), studio.as_(Role.OWNER)
    reviewed(reviewer, name, approve=True, reason=WHY)
    actions_releases.publish_pack(reviewer, name, version="0.1.0")
    path = studio.root / "data" / "packs" / name / "0.1.0" / MODULE
    path.write_text(path.read_text("utf-8").replace("30 %", "60 %"), "utf-8")
    assert name not in {row["id"] for row in actions_packs.list_packs(owner)}


def plan(studio, tenant: str, **wish) -> None:
    owner = studio.as_(Role.OWNER, tenant)
    actions_study.plan_scenario(owner, name="x", modules=[{"id": "discrete-manufacturing/fast-changeover", **wish}])


def test_use_is_counted_over_five_tenants_and_names_nobody(studio) -> None:
    architect = studio.as_(Role.ARCHITECT)
    for number in range(4):
        plan(studio, f"t{number}", **({"effects": {"0": [0.1, 0.2, 0.3]}} if number < 2 else {}))
    assert actions_releases.pack_usage(architect) == {"versions": [], "weak": [], "canaries": []}
    for number in range(4, 11):
        plan(studio, f"t{number}", effects={"0": [0.1, 0.2, 0.3]})
    found = actions_releases.pack_usage(architect)
    (version,) = found["versions"]
    assert (version["pack"], version["tenants"], version["given_up"]) == ("discrete-manufacturing", 10, 10)
    (default,) = found["weak"]
    assert (round(default["share"], 2), default["tenants"]) == (0.82, 11)
    assert default["title"]["en"] == "Fast changeover · 1"
    kept = [architect.get("pack_use", row.id) for row in architect.list("pack_use")]
    assert not {"t0", "t1", "north"} & {word for row in kept for word in str(row).replace("'", " ").split()}
