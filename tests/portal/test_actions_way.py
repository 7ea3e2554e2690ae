"""From the first file to the audited release, through actions alone; and that no byte of it lies about in the clear."""

from __future__ import annotations

import base64
import inspect
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from portal import (
    actions_audit,
    actions_checks,
    actions_data,
    actions_journey,
    actions_links,
    actions_packs,
    actions_release,
    actions_runs,
    actions_study,
    actions_value,
)
from portal.actions import ACTIONS, ActionError
from portal.identity import Role
from portal.runner import Worker
from portal.witness import witness_head
from privacy.disclosure import words
from privacy.verify import verify_export
from tests.canary import CANARY

MARKER = CANARY
"""Is in every name that the tenant's files hold, and in nothing else."""

INPUTS = {
    "contribution_margin": "0.8 CNY/piece",
    "sellable_extra": 20_000,
    "internal_hours": "80 / 120 / 200 person*h",
    "hourly_cost": {"value": 90, "reason": f"{MARKER} payroll"},
}


@dataclass
class Way:
    """The installation after the whole way, and what was met on it."""

    installation: Any
    owner: Any
    met: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def way(tmp_path_factory, plant) -> Iterator[Way]:
    made = plant.install(tmp_path_factory.mktemp("way"))
    owner = made.as_(Role.OWNER)
    met: dict[str, Any] = {"files": plant.upload(owner, MARKER, weeks=6)}
    met["baseline"] = actions_study.baseline(owner)
    met["line"] = actions_study.fit_line(owner)
    offer = actions_packs.open_pack(owner)["modules"]
    wish = {"id": offer[0]["id"], "effects": {0: [0.2, 0.3, 0.4]}, "reason": f"{MARKER} our own trial"}
    met["scenario"] = actions_study.plan_scenario(owner, name=f"{MARKER} first", modules=[wish])
    met["run"] = actions_runs.run_study(owner, draws=8, months=4)
    worker = Worker(made.portal(), executor=map)
    while worker.once():
        pass
    met["status"] = actions_runs.run_status(owner, met["run"])
    met["result"] = actions_runs.result(owner)
    actions_value.record_guess(owner, npv=1_234_567.0)
    actions_value.set_inputs(owner, INPUTS)
    met["case"] = actions_value.appraise(owner, claims=True)
    control = actions_checks.assess(owner)["controls"][0]["id"]
    actions_checks.answer_control(owner, control=control, status="partly", reason=f"{MARKER} half of it")
    met["evidence"] = actions_checks.attach_evidence(
        owner, control=control, data=f"{MARKER} minutes".encode(), name=f"{MARKER}.txt"
    )
    met["assessment"] = actions_checks.assess(owner)
    met["preview"] = actions_release.preview_release(owner)
    until = made.clock() + timedelta(days=90)
    met["consent"] = actions_release.give_consent(
        owner, purpose="offer_preparation", until=until, digest=met["preview"].digest
    )
    met["release"] = actions_release.disclose(owner, consent=met["consent"].id, digest=met["preview"].digest)
    yield Way(installation=made, owner=owner, met=met)
    made.store.close()


def test_the_files_became_datasets_and_the_staged_files_are_gone(way) -> None:
    assert [view.kind for view in way.met["files"]] == ["stops", "counts", "equipment"]
    assert actions_data.uploads(way.owner) == []
    assert way.owner.list("file") == ()
    assert way.owner.list("reading") == ()
    assert all(view.in_force and not view.sample for view in actions_data.datasets(way.owner))


def test_the_baseline_closes_to_calendar_time_and_is_kept(way) -> None:
    steps = dict(way.met["baseline"]["waterfall"])
    assert sum(seconds for name, seconds in steps.items() if name != "calendar") == pytest.approx(steps["calendar"])
    assert actions_study.baseline(way.owner)["id"] == way.met["baseline"]["id"]
    assert not way.met["baseline"]["sample"]


def test_the_line_comes_from_the_tenants_own_equipment(way) -> None:
    assert way.met["line"].source == "fitted"
    assert way.met["line"].stations == tuple(f"{MARKER}{name}" for name in ("cutter", "press", "packer"))


def test_the_study_was_computed_by_the_worker(way) -> None:
    status, result = way.met["status"], way.met["result"]
    assert (status.state, status.progress, status.result) == ("done", 1.0, result["id"])
    plain = next(one for one in result["scenarios"] if one["record"] and not one["claims"])
    assert plain["record"] == way.met["scenario"].id
    assert len(plain["bands"]["oee"]["p50"]) == 4
    assert len(plain["extra_good"]["p10"]) == 4


def test_every_number_of_the_case_opens(way) -> None:
    case = way.met["case"]
    assert case["guess"]["npv"] == 1_234_567.0
    opened = actions_value.why(way.owner, "npv", claims=True)
    assert opened["trace"]["formula"]
    assert {part["name"] for part in opened["parts"]} == set(opened["trace"]["uses"])
    assert opened["tornado"]
    for part in opened["parts"]:
        assert actions_value.why(way.owner, part["name"], claims=True)["trace"]["name"] == part["name"]
    with pytest.raises(ActionError) as refusal:
        actions_value.why(way.owner, "nothing")
    assert refusal.value.code == "unknown_number"


def test_an_unchanged_case_is_not_computed_again(way) -> None:
    assert actions_value.appraise(way.owner, claims=True)["id"] == way.met["case"]["id"]
    assert actions_value.appraise(way.owner, claims=False)["id"] != way.met["case"]["id"]


def test_the_value_may_be_taken_as_a_spreadsheet_with_its_formulas(way) -> None:
    data = actions_value.take_workbook(way.owner, claims=True)
    pages = openpyxl.load_workbook(io.BytesIO(data))
    assert pages.sheetnames == ["Inputs", "Calculation"]
    row = next(row for row in pages["Calculation"].iter_rows() if row[0].value == "npv")
    assert str(row[6].value).startswith("=")


def test_only_bands_leave_and_the_rep_sees_exactly_the_preview(way) -> None:
    rep = way.installation.as_(Role.REP)
    (item,) = actions_links.sales_feed(rep)
    assert item.payload == way.met["preview"].payload
    assert words(item.payload) == way.met["preview"].items
    assert [one.payload for one in actions_links.preview_as_rep(way.owner)] == [item.payload]
    assert MARKER not in repr(item)


def test_the_same_data_released_again_is_the_same_disclosure(way) -> None:
    again = actions_release.disclose(way.owner, consent=way.met["consent"].id, digest=way.met["preview"].digest)
    assert again.id == way.met["release"].id


def test_a_payload_that_was_not_shown_is_not_released(way) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_release.disclose(way.owner, consent=way.met["consent"].id, digest="0" * 64)
    assert refusal.value.code == "preview_changed"


def test_the_trust_strip_says_what_was_released(way) -> None:
    trust = actions_journey.who_can_see(way.owner)
    assert (trust.released, trust.sample, trust.vendor_access) == (1, False, 0)
    assert actions_journey.journey(way.owner).next_step == ""


def test_a_second_tenant_sees_nothing(way) -> None:
    other = way.installation.as_(Role.OWNER, "south")
    assert list(actions_data.datasets(other)) == []
    assert actions_study.line(other) is None
    assert actions_runs.result(other) is None
    assert actions_runs.run_status(other) is None
    assert list(actions_release.releases(other)) == []
    assert list(actions_release.consents(other)) == []
    assert actions_journey.journey(other).next_step == "data"
    for call in (actions_study.baseline, actions_value.appraise, actions_release.preview_release):
        with pytest.raises(ActionError) as refusal:
            call(other)
        assert refusal.value.code in {"no_data", "no_result"}


CALLS: dict[str, dict[str, Any]] = {
    "upload_dataset": {"mapping": {}},
    "answer_control": {"control": "?", "status": "met"},
    "disclose": {"digest": "0" * 64},
    "keep_rough": {"worker": "w", "summary": {}},
    "keep_result": {"worker": "w", "study": "s", "result": {}, "summary": {}},
    "keep_back_test": {"worker": "w", "line": "l", "verdict": {}},
    "why": {"name": "npv"},
    "run_study": {},
    "plan_scenario": {"name": "n", "modules": []},
    "give_consent": {"purpose": "offer_preparation", "digest": "0" * 64},
}
NAMES = {"upload": "upload", "dataset": "dataset", "scenario": "scenario", "run": "run", "result": "summary",
         "consent": "consent", "replaces": "scenario"}  # fmt: skip
MODULES = (actions_data, actions_study, actions_runs, actions_value, actions_checks, actions_release, actions_journey)


def calls_with_ids() -> list[tuple[Any, str]]:
    """Every action of a tenant's member that takes the id of one of his values."""
    found = []
    for module in MODULES:
        for name, function in vars(module).items():
            if name in ACTIONS and ACTIONS[name].module == module.__name__:
                found += [(function, one) for one in inspect.signature(function).parameters if one in NAMES]
    return found


@pytest.mark.parametrize(
    ("function", "parameter"), calls_with_ids(), ids=lambda value: getattr(value, "__name__", value)
)
def test_every_action_answers_a_foreign_id_like_a_missing_one(way, function, parameter) -> None:
    other = way.installation.as_(Role.OWNER, "south")
    kind = NAMES[parameter]
    ids = {
        "upload": actions_data.stage_upload(way.owner, b"a,b\n1,2\n", name="x.csv") if kind == "upload" else "",
        "dataset": way.met["files"][0].id,
        "scenario": way.met["scenario"].id,
        "run": way.met["run"],
        "summary": way.met["result"]["id"],
        "consent": way.met["consent"].id,
    }
    more = dict(CALLS.get(function.__name__, {}))
    if function.__name__ == "give_consent":
        more["until"] = way.installation.clock() + timedelta(days=1)
    answers = []
    for wanted in (ids[kind], "0" * 32):
        try:
            answer: Any = function(other, **more, **{parameter: wanted})
        except Exception as error:  # noqa: BLE001
            answer = (type(error), getattr(error, "code", ""), str(error))
        answers.append(repr(answer).replace(wanted, "…"))
    assert answers[0] == answers[1]
    assert MARKER not in answers[0]
    if kind == "upload":
        actions_data.discard_upload(way.owner, ids["upload"])


def test_each_role_is_refused_what_it_may_not_do_and_the_refusal_is_in_the_log(way) -> None:
    officer = way.installation.as_(Role.COMPLIANCE_OFFICER)
    refused = [
        (Role.REP, actions_study.baseline),
        (Role.SYSTEM_ADMIN, actions_data.datasets),
        (Role.COMPLIANCE_OFFICER, actions_runs.result),
        (Role.GUEST, actions_value.appraise),
        (Role.FINANCE_READER, actions_release.preview_release),
        (Role.OWNER, actions_audit.read_log),
        (Role.OWNER, actions_links.sales_feed),
        (Role.SYSTEM_ADMIN, actions_audit.verify_log),
    ]
    for role, call in refused:
        with pytest.raises(ActionError) as refusal:
            call(way.installation.as_(role))
        assert refusal.value.code == "action_refused"
        newest = actions_audit.read_log(officer, verb=call.__name__, limit=1)[0]
        assert (newest.decision, newest.reason, newest.role) == ("refused", "not_permitted", str(role))


def test_a_bad_file_is_refused_by_name_and_nothing_of_it_is_kept(way) -> None:
    owner = way.installation.as_(Role.OWNER, "bad")
    with pytest.raises(ActionError) as empty:
        actions_data.stage_upload(owner, b" \n", name="nothing.csv")
    assert (empty.value.code, empty.value.place) == ("file_empty", "nothing.csv")
    with pytest.raises(ActionError) as large:
        actions_data.stage_upload(owner, bytes(60 * 2**20) + b"x", name="big.csv")
    assert large.value.code == "file_too_large"
    picture = actions_data.stage_upload(owner, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, name="picture.csv")
    with pytest.raises(ValueError) as wrong:
        actions_data.read_upload(owner, picture)
    assert wrong.value.code == "not_this_type"
    actions_data.discard_upload(owner, picture)
    strange = actions_data.paste_rows(owner, "foo\tbar\n1\t2\n")
    with pytest.raises(ValueError) as unmapped:
        actions_data.upload_dataset(owner, strange, mapping={"foo": ""}, kind="stops")
    assert unmapped.value.code in {"nothing_mapped", "column_missing"}
    assert list(actions_data.datasets(owner)) == []
    assert [view.id for view in actions_data.uploads(owner)] == [strange]


def test_a_wrong_unit_is_refused_and_the_inputs_before_stay(way) -> None:
    before = actions_value.inputs(way.owner)
    for values in ({"hourly_cost": "90 kg"}, {"nonsense": 1}, {"tax_rate": 99}, {"extra_good": 5}):
        with pytest.raises(ValueError) as refusal:
            actions_value.set_inputs(way.owner, values)
        assert refusal.value.code in {"wrong_unit", "unknown_input", "out_of_range", "input_is_simulated"}
    assert [one["value"] for one in actions_value.inputs(way.owner)] == [one["value"] for one in before]


def test_the_log_verifies_offline_and_holds_no_value(way) -> None:
    officer = way.installation.as_(Role.COMPLIANCE_OFFICER)
    witness_head(way.installation.store)
    proof = actions_audit.verify_log(officer)
    assert proof["passed"], proof
    assert proof["witnessed"]
    assert proof["differences"] == []
    document = actions_audit.export_log(officer)
    assert verify_export(document).passed
    assert MARKER.encode() not in document
    verbs = {entry.action for entry in actions_audit.read_log(officer, limit=2000)}
    assert {"stage_upload", "upload_dataset", "run_study", "keep_result", "appraise", "disclose", "sales_feed"} <= verbs


def test_withdrawal_empties_the_feed_at_once(way) -> None:
    rep = way.installation.as_(Role.REP)
    assert len(actions_links.sales_feed(rep)) == 1
    actions_release.withdraw_consent(way.owner, way.met["consent"].id)
    assert list(actions_links.sales_feed(rep)) == []
    assert [one.state for one in actions_release.releases(way.owner)] == ["withdrawn"]
    assert [one.state for one in actions_release.consents(way.owner)] == ["withdrawn"]
    with pytest.raises(ValueError) as refusal:
        actions_release.disclose(way.owner, consent=way.met["consent"].id, digest=way.met["preview"].digest)
    assert refusal.value.code == "consent_missing"


def test_a_row_edited_in_the_database_is_named(way) -> None:
    officer, rep = way.installation.as_(Role.COMPLIANCE_OFFICER), way.installation.as_(Role.REP)
    link = actions_links.invite(rep, label="a prospect").id
    assert actions_audit.verify_log(officer)["differences"] == []
    edits = {
        ("disclosure", "row_revived"): "UPDATE disclosures SET withdrawn_at = NULL",
        ("consent", "row_revived"): "UPDATE consents SET withdrawn_at = NULL",
        ("link", "row_changed"): f"UPDATE links SET max_uses = 99 WHERE id = '{link}'",
        ("link", "row_uses"): f"UPDATE links SET uses = 1 WHERE id = '{link}'",
        ("link", "row_missing"): f"DELETE FROM links WHERE id = '{link}'",
    }
    for edit in edits.values():
        with way.installation.store.writing() as tx:
            tx.run(sa.text(edit))
        found = {(one["kind"], one["code"]) for one in actions_audit.verify_log(officer)["differences"]}
        assert edits.get(next(iter(found), ("", ""))) is not None
    assert found == {("disclosure", "row_revived"), ("consent", "row_revived"), ("link", "row_missing")}
    assert list(actions_links.sales_feed(rep)) == []  # what was withdrawn is not only marked: it is gone


def test_nothing_of_the_tenant_lies_on_disk_in_the_clear(way) -> None:
    root = way.installation.root
    forms = {
        "plain": MARKER.encode(),
        "utf-16": MARKER.encode("utf-16-le"),
        "hex": MARKER.encode().hex().encode(),
        "upper hex": MARKER.encode().hex().upper().encode(),
        **{f"base64 at {shift}": base64.b64encode(b"x" * shift + MARKER.encode())[4:-4] for shift in range(3)},
    }
    files = [path for path in root.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    found = [(path.name, form) for path in files for form, mark in forms.items() if mark in path.read_bytes()]
    assert found == []


def test_after_the_key_is_gone_the_log_still_verifies(way) -> None:
    way.installation.keys.destroy("north", at=way.installation.clock())
    way.owner.data_keys.forget("north")
    assert actions_audit.verify_log(way.installation.as_(Role.COMPLIANCE_OFFICER))["passed"]
