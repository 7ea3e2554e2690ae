"""The process document: what people write becomes a process, and back; what is wrong is refused with its line."""

from __future__ import annotations

import json

import jsonschema
import pytest

from simulators.distributions import Distribution
from simulators.line import WEEK
from simulators.people_result import simulate_process
from templates import documents, schemas
from templates.process_document import read_process, write_process
from templates.process_schema import process_output_schema

TEXT = """\
mingsuan: process/1
name: Discount approvals
timezone: Asia/Shanghai
calendar: {shifts: [{days: mon-fri, from: "09:00", to: "18:00", breaks: [{from: "12:00", to: "13:00"}]}]}
pools:
  - {name: assistants, people: 3, skills: [intake, contract], newcomers: {people: 1, speed: 40 %, full_after: 90 d}}
  - {name: finance, people: 1}
  - {name: legal, people: 2, calendar: always}
work:
  - {name: big deal, arrivals: {exponential: {mean: 5 h}}, priority: 1}
  - {name: small deal, arrivals: 2 h, first: sign, calendar: always}
steps:
  - {name: intake, skill: intake, time: {lognormal: {mean: 10 min, cv: 0.5}}, patience: {exponential: {mean: 8 h}}, given_up: sign}
  - name: sign
    order: parallel
    signatures: [{skill: finance, time: 8 min}, {skill: legal, time: 12 min}]
    next: {contract: 80 %, intake: 10 %, out: 10 %}
  - {name: wait for the customer, time: 2 d}
  - {name: contract, skill: contract, time: 20 min}
rules:
  - {name: five days, within: 40 h, clock: working}
  - {name: soon, step: sign, event: started, since: queued, within: 1 h, work: [big deal], target: 95 %,
     escalate: {priority: 0, skill: legal}}
"""


def test_the_document_says_what_it_means():
    process = read_process(TEXT, "p.yaml")
    assistants, finance, legal = process.pools
    assert assistants.skills == ("intake", "contract")
    assert assistants.newcomers is not None
    assert assistants.newcomers.speed == 0.4
    assert finance.skills == ("finance",)
    assert finance.calendar == process.calendar
    assert legal.calendar is None
    big, small = process.work
    assert (big.first, big.priority, big.calendar) == ("intake", 1, process.calendar)
    assert (small.first, small.priority, small.calendar) == ("sign", 5, None)
    intake, sign, wait, contract = process.steps
    assert [branch.step for branch in intake.next] == ["sign"]
    assert intake.given_up == "sign"
    assert [(branch.step, branch.share) for branch in sign.next] == [("contract", 0.8), ("intake", 0.1), ("", 0.1)]
    assert (sign.order, len(sign.signatures)) == ("parallel", 2)
    assert wait.signatures[0].skill == ""
    assert wait.signatures[0].time == Distribution.constant(2 * 86_400)
    assert contract.next == ()
    five, soon = process.rules
    assert (five.step, five.clock, five.target) == ("", "working", 0.9)
    assert soon.escalation is not None
    assert (soon.escalation.priority, soon.escalation.skill) == (0, "legal")


def test_writing_and_reading_gives_the_same_process():
    process = read_process(TEXT, "p.yaml")
    assert read_process(write_process(process), "copy") == process


def test_the_schema_takes_what_the_reader_takes():
    jsonschema.validate(documents.load(TEXT, name="p").plain(), schemas.schema("process"))
    jsonschema.validate(
        documents.load(write_process(read_process(TEXT, "p")), name="p").plain(), schemas.schema("process")
    )


WRONG = [
    ("people: 3", "people: 0", "pool_people", "line 6: pools[0].people"),
    ("people: 1, speed", "people: 4, speed", "newcomers", "line 6: pools[0].newcomers"),
    ("speed: 40 %", "speed: 140 %", "out_of_range", "line 6: pools[0].newcomers.speed"),
    ("skill: intake, time", "skil: intake, time", "unknown_key", "line 13: steps[0].skil"),
    ("skill: intake, time", "skill: intke, time", "unknown_skill", "line 13: steps[0]"),
    ("given_up: sign", "given_up: sing", "unknown_step", "line 13: steps[0].given_up"),
    ("contract: 80 %", "contract: 70 %", "branch_shares", "line 17: steps[1].next"),
    ("contract: 80 %", "contact: 80 %", "unknown_step", "line 17: steps[1].next"),
    ("    order: parallel\n", "    time: 3 min\n", "time_or_signatures", "line 14: steps[1]"),
    ("within: 40 h", "within: 40", "time_without_unit", "line 21: rules[0].within"),
    ("work: [big deal]", "work: [big deals]", "unknown_work", "line 22: rules[1].work[0]"),
    ("since: queued", "since: queue", "expected_choice", "line 22: rules[1].since"),
    ("step: sign, event", "event", "rule_without_step", "line 22: rules[1]"),
]


@pytest.mark.parametrize(("old", "new", "code", "place"), WRONG, ids=[f"{code}-{new}" for _, new, code, _ in WRONG])
def test_what_is_wrong_is_refused_with_its_line(old: str, new: str, code: str, place: str):
    assert TEXT.count(old) >= 1
    with pytest.raises(documents.DocumentError) as refused:
        read_process(TEXT.replace(old, new, 1), "p.yaml")
    assert refused.value.code == code
    assert refused.value.place.startswith(place)


def test_what_is_printed_of_a_process_follows_its_schema():
    result = simulate_process(read_process(TEXT, "p"), horizon=3 * WEEK, replications=2).to_json()
    jsonschema.validate(json.loads(json.dumps(result)), process_output_schema())
    alone = simulate_process(read_process(TEXT, "p"), horizon=86_400 * 2, replications=1).to_json()
    jsonschema.validate(json.loads(json.dumps(alone)), process_output_schema())
