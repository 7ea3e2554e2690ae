"""Check lists and their answers as OSCAL 1.2.1 JSON (NIST), for tools that exchange assessments.

A list becomes a catalog, its answers assessment results. Identifiers are version 5 UUIDs of what they name, so that the
same list gives the same bytes. A self-check stays one: the notice travels along, and "satisfied" is what was answered.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calculators.checklist import Answer, CheckList, Control, Status, skipped, status_of

VERSION = "1.2.1"
_names = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mingsuan:checklist")


def catalog(checklist: CheckList, *, language: str = "en") -> dict[str, Any]:
    """The OSCAL catalog of a list: groups are its sections; question, evidence and remediation are parts."""
    return {
        "catalog": {
            "uuid": _uuid(checklist.id, checklist.version),
            "metadata": _metadata(checklist, language, f"{checklist.as_of}T00:00:00Z"),
            "groups": [
                {
                    "id": _token("s", section.id),
                    "title": section.title.get(language, section.id),
                    "controls": [
                        _control(control, language) for control in checklist.controls if control.section == section.id
                    ],
                }
                for section in checklist.sections
            ],
        }
    }


def results(
    checklist: CheckList, answers: Mapping[str, Answer], *, at: datetime, catalog_href: str, language: str = "en"
) -> dict[str, Any]:
    """The OSCAL assessment results of the answers: a finding for each that is decided; open ones are left out.

    "Partly" is not satisfied; what does not apply has no finding. `at` is when the answers were looked at (with zone).
    """
    out = skipped(checklist, answers)
    decided = [
        (control, answers[control.id], status)
        for control in checklist.controls
        if control.id in answers and control.id not in out
        for status in [status_of(control, answers[control.id])]
        if status is not None and status is not Status.NOT_APPLICABLE
    ]
    moment = at.isoformat()
    return {
        "assessment-results": {
            "uuid": _uuid(checklist.id, checklist.version, moment),
            "metadata": _metadata(checklist, language, moment),
            "import-ap": {"href": catalog_href, "remarks": "A self-check without an assessment plan of its own."},
            "results": [
                {
                    "uuid": _uuid(checklist.id, checklist.version, moment, "result"),
                    "title": checklist.title.get(language, checklist.id),
                    "description": checklist.notice.get(language, ""),
                    "start": moment,
                    "reviewed-controls": {
                        "control-selections": [
                            {"include-controls": [{"control-id": _token("c", one.id)} for one, _, _ in decided]}
                            if decided
                            else {"include-all": {}}
                        ]
                    },
                    "findings": [_finding(checklist, *each, moment, language) for each in decided],
                }
            ],
        }
    }


def _metadata(checklist: CheckList, language: str, moment: str) -> dict[str, Any]:
    return {
        "title": checklist.title.get(language, checklist.id),
        "last-modified": moment,
        "version": checklist.version,
        "oscal-version": VERSION,
        "props": [{"name": "edition", "value": checklist.edition, "ns": "urn:mingsuan:oscal"}],
        "remarks": f"{checklist.source.get(language, '')} {checklist.notice.get(language, '')}".strip(),
    }


def _control(control: Control, language: str) -> dict[str, Any]:
    parts = [("statement", control.question), ("guidance", control.remediation)]
    parts += [("assessment-objects", each) for each in control.evidence]
    return {
        "id": _token("c", control.id),
        "title": control.title.get(language, control.id),
        "props": [{"name": "label", "value": control.reference}],
        "links": [{"href": f"#{reference}", "rel": "related"} for reference in control.maps_to],
        "parts": [
            {"id": f"{_token('c', control.id)}_p{number}", "name": name, "prose": text[language]}
            for number, (name, text) in enumerate(parts)
            if text.get(language)
        ],
    }


def _finding(
    checklist: CheckList, control: Control, answer: Answer, status: Status, moment: str, language: str
) -> dict[str, Any]:
    return {
        "uuid": _uuid(checklist.id, checklist.version, moment, control.id),
        "title": control.title.get(language, control.id),
        "description": answer.reason or control.question.get(language, control.id),
        "target": {
            "type": "statement-id",
            "target-id": f"{_token('c', control.id)}_p0",
            "status": {"state": "satisfied" if status is Status.MET else "not-satisfied", "reason": status.value},
        },
    }


def _uuid(*names: str) -> str:
    return str(uuid.uuid5(_names, "\n".join(names)))


def _token(kind: str, name: str) -> str:
    """An OSCAL token: it begins with a letter and holds letters, digits, dots, hyphens and underscores."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9._-]', '_', name)}"
