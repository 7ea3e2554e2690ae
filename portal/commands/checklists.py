"""``checklist``: self-checks on paper and in workbooks, against last year, and for other tools."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from calculators.checklist import Answer, CheckList, assess
from calculators.checklist_history import compare, proposals
from industry_packs.pack import shipped_packs
from portal import wiring
from portal.commands.outcome import FAILED, Outcome, Run, read_bytes
from templates import checklist_oscal, checklist_workbook
from templates.checklist_document import read_checklist, shipped_checklist, shipped_checklists


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on check lists."""
    lists = commands.add_parser("checklist", help="self-checks: workbooks, scores, last year, OSCAL")
    verbs = lists.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, run: Run, about: str, *files: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, help=about)
        if name != "list":
            made.add_argument("list", metavar="LIST", help="an id (mlps-3, PACK/LIST) or a file")
        for file in files:
            made.add_argument(file.lower(), metavar=f"{file}.xlsx", type=Path)
        made.add_argument("--json", action="store_true")
        made.set_defaults(run=run)
        return made

    verb("list", run_list, "every check list there is")
    export = verb("export", run_export, "a workbook to fill in")
    export.add_argument("--answers", metavar="FILE.xlsx", type=Path, help="begin with the answers of this workbook")
    verb("assess", run_assess, "what the answers of a workbook amount to", "ANSWERS")
    verb("compare", run_compare, "what changed between two workbooks", "BEFORE", "AFTER")
    carry = verb("carry", run_carry, "what answers to another list offer for this one", "ANSWERS")
    carry.add_argument("--of", required=True, help="the list that was answered")
    oscal = verb("oscal", run_oscal, "the list, or with --answers its results, as OSCAL JSON")
    oscal.add_argument("--answers", metavar="FILE.xlsx", type=Path)
    for made in (export, oscal):
        made.add_argument("--language", choices=tuple(checklist_workbook.HEADINGS), default="en")
        made.add_argument("-o", "--output", type=Path, required=True)


def _list(name: str) -> CheckList:
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return read_checklist(read_bytes(path), path.name)
    pack, _, rest = name.partition("/")
    if rest:
        for one in shipped_packs():
            if one.id == pack and rest in one.checklists:
                return one.checklists[rest]
    return shipped_checklist(name)


def _answers(path: Path | None, checklist: CheckList) -> checklist_workbook.Returned:
    if path is None:
        return checklist_workbook.Returned(answers={}, refused=())
    return checklist_workbook.read_answers(read_bytes(path), path.name, checklist, {})


def _refused(returned: checklist_workbook.Returned) -> list[dict[str, Any]]:
    return [{"row": row, "code": code, "value": value} for row, code, value in returned.refused]


def run_list(_: argparse.Namespace) -> Outcome:
    """List the general lists and those of the shipped packs."""
    found = {name: shipped_checklist(name) for name in shipped_checklists()}
    found |= {f"{pack.id}/{name}": one for pack in shipped_packs() for name, one in pack.checklists.items()}
    rows = [
        {
            "id": name,
            "version": one.version,
            "title": dict(one.title),
            "edition": one.edition,
            "controls": len(one.controls),
        }
        for name, one in found.items()
    ]
    return Outcome(
        document={"checklists": rows},
        lines=[f"{row['id']:<44} {row['controls']:>4}  {dict(found[str(row['id'])].title)['en']}" for row in rows],
    )


def run_export(given: argparse.Namespace) -> Outcome:
    """Write a workbook to fill in."""
    checklist = _list(given.list)
    begun = _answers(given.answers, checklist)
    given.output.write_bytes(checklist_workbook.write_checklist(checklist, begun.answers, language=given.language))
    document = {"checklist": checklist.id, "version": checklist.version, "file": given.output.name}
    return Outcome(document=document, lines=[f"{given.output.name}: {len(checklist.controls)} controls"])


def run_assess(given: argparse.Namespace) -> Outcome:
    """Score a workbook; rows that cannot be read make the check fail."""
    checklist = _list(given.list)
    returned = _answers(given.answers, checklist)
    found = assess(checklist, returned.answers)
    document = {
        "checklist": checklist.id,
        "version": checklist.version,
        "score": [found.low, found.high],
        "answered": found.answered,
        "applicable": found.applicable,
        "open_share": found.open_share,
        "vetoes": list(found.vetoes),
        "not_asked": list(found.not_asked),
        "gaps": [
            {"control": gap.control.id, "status": gap.status.value, "why": gap.why, "points_lost": gap.points_lost}
            for gap in found.gaps
        ],
        "sections": [
            {"id": one.section.id, "low": one.low, "high": one.high, "answered": one.answered} for one in found.sections
        ],
        "refused": _refused(returned),
    }
    lines = [
        f"score {found.low:.0%} to {found.high:.0%}, {found.answered} of {found.applicable} answered",
        *(f"  high-risk: {name}" for name in found.vetoes),
        *(f"  gap: {gap.control.id} {gap.why}" for gap in found.gaps if gap.control.id not in found.vetoes),
        *(f"  row {row}: {code} {value}" for row, code, value in returned.refused),
        checklist.notice.get("en", ""),
    ]
    return Outcome(document=document, lines=lines, status=FAILED if returned.refused else 0)


def run_compare(given: argparse.Namespace) -> Outcome:
    """Compare two workbooks of one list."""
    checklist = _list(given.list)
    before, after = (_answers(path, checklist).answers for path in (given.before, given.after))
    changes = compare((checklist, before), (checklist, after))
    rows = [
        {"control": one.control, "what": one.what, "before": _word(one.before), "after": _word(one.after)}
        for one in changes
        if one.what != "same"
    ]
    counts = Counter(one.what for one in changes)
    lines = [
        f"  {row['control']:<16} {row['what']:<10} {row['before'] or 'open'} -> {row['after'] or 'open'}"
        for row in rows
    ]
    return Outcome(
        document={"checklist": checklist.id, "version": checklist.version, "counts": dict(counts), "changes": rows},
        lines=[", ".join(f"{count} {what}" for what, count in sorted(counts.items())), *lines],
    )


def _word(status: Any) -> str | None:
    return None if status is None else str(status)


def run_carry(given: argparse.Namespace) -> Outcome:
    """Say which controls of the list have an answer elsewhere; a person decides."""
    wanted, source = _list(given.list), _list(given.of)
    answers: dict[str, Answer] = dict(_answers(given.answers, source).answers)
    rows = [
        {
            "control": one.to_control, "from": f"{one.from_list} {one.from_control}", "shared": one.shared,
            "status": _word(one.status), "evidence": list(one.evidence),
        }
        for one in proposals([(source, answers)], wanted)
    ]  # fmt: skip
    helped = len({row["control"] for row in rows})
    return Outcome(
        document={"checklist": wanted.id, "version": wanted.version, "from": source.id, "proposals": rows},
        lines=[
            f"{helped} of {len(wanted.controls)} controls have an answer in {source.id}",
            *(f"  {row['control']:<16} {row['status']:<10} {row['from']} ({row['shared']})" for row in rows),
        ],
    )


def run_oscal(given: argparse.Namespace) -> Outcome:
    """Write OSCAL JSON."""
    checklist = _list(given.list)
    if given.answers is None:
        content = checklist_oscal.catalog(checklist, language=given.language)
    else:
        content = checklist_oscal.results(
            checklist,
            _answers(given.answers, checklist).answers,
            at=wiring.utc_now(),
            catalog_href=f"urn:mingsuan:checklist:{checklist.id}:{checklist.version}",
            language=given.language,
        )
    given.output.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    document = {
        "checklist": checklist.id,
        "version": checklist.version,
        "file": given.output.name,
        "kind": next(iter(content)),
    }
    return Outcome(
        document=document, lines=[f"{given.output.name}: OSCAL {checklist_oscal.VERSION}, {document['kind']}"]
    )
