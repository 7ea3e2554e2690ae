"""JSON Schemas (draft 2020-12) of what `mingsuan simulate PROCESS.yaml --json` and `mingsuan checklist` print."""

from __future__ import annotations

from typing import Any

from calculators.checklist import Status
from templates.shapes import DRAFT

_text: dict[str, Any] = {"type": "string"}
_number: dict[str, Any] = {"type": "number"}
_count: dict[str, Any] = {"type": "integer", "minimum": 0}
_share: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_hours: dict[str, Any] = {
    "type": "array",
    "description": "each hour of the week from Monday 00:00; null where the window has no such hour",
    "items": {"anyOf": [_number, {"type": "null"}]},
    "minItems": 168,
    "maxItems": 168,
}
_figure: dict[str, Any] = {
    "type": "object",
    "description": "a mean over replications with its 95 % interval; null where nothing happened or only one ran",
    "properties": {
        "mean": {"anyOf": [_number, {"type": "null"}]},
        "ci95": {"anyOf": [{"type": "array", "items": _number, "minItems": 2, "maxItems": 2}, {"type": "null"}]},
    },
    "required": ["mean", "ci95"],
    "additionalProperties": False,
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _figures(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _figure)


def _whole(kind: str, title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": f"urn:mingsuan:schema:{kind}:1", "title": title, **_object(properties)}


def process_output_schema() -> dict[str, Any]:
    """The schema of a simulated process: key figures, work, steps, pools by hour of the week, rules, warnings."""
    work = (
        "arrived_per_week",
        "finished_per_week",
        "given_up_share",
        "cycle_time_s",
        "cycle_time_p50_s",
        "cycle_time_p90_s",
    )
    step = (
        "started_per_week",
        "probability_of_wait",
        "wait_s",
        "wait_p90_s",
        "waiting",
        "given_up_share",
        "conflict_share",
    )
    pool = ("utilisation", "on_duty_h_per_week", "tasks_per_week", "laid_down_per_week")
    rule = ("kept_share", "time_s", "time_p50_s", "time_p90_s", "escalated_per_week")
    return _whole(
        "process-output",
        "A process of people, its key figures",
        {
            "process": _text,
            "engine": {"const": "people"},
            "seed": _count,
            "horizon_s": _number,
            "warmup_s": _number,
            "replications": _count,
            "precision": _object(
                {"measure": _text, "wanted": _number, "reached": {"anyOf": [_number, {"type": "null"}]}}
            ),
            "kpis": _object(_figures("finished_per_week", "cycle_time_s", "in_progress", "given_up_share")),
            "work": _list(_object({"name": _text, **_figures(*work)})),
            "steps": _list(_object({"name": _text, **_figures(*step), "week": _hours})),
            "pools": _list(
                _object(
                    {
                        "name": _text,
                        "people": _count,
                        "skills": _list(_text),
                        **_figures(*pool),
                        "week": _object({"busy": _hours, "on_duty": _hours}),
                    }
                )
            ),
            "rules": _list(
                _object(
                    {
                        "name": _text,
                        "within_s": _number,
                        "clock": {"enum": ["elapsed", "working"]},
                        "target": _share,
                        **_figures(*rule),
                    }
                )
            ),
            "warnings": _list(
                _object(
                    {
                        "code": _text,
                        "level": {"enum": [1, 2, 3]},
                        "place": _text,
                        "message": _text,
                        "remedy": _text,
                        "params": {"type": "object"},
                    }
                )
            ),
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    )


def assessment_schema() -> dict[str, Any]:
    """The schema of `mingsuan checklist assess --json`."""
    status = {"enum": [str(one) for one in Status]}
    return _whole(
        "checklist-output",
        "What the answers to a check list amount to",
        {
            "checklist": _text,
            "version": _text,
            "score": {"type": "array", "items": _share, "minItems": 2, "maxItems": 2},
            "answered": _count,
            "applicable": _count,
            "open_share": _share,
            "vetoes": _list(_text),
            "not_asked": _list(_text),
            "gaps": _list(_object({"control": _text, "status": status, "why": _text, "points_lost": _number})),
            "sections": _list(_object({"id": _text, "low": _share, "high": _share, "answered": _count})),
            "refused": _list(_object({"row": _count, "code": _text, "value": _text})),
        },
    )
