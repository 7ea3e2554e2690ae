"""The JSON Schema (draft 2020-12) of what `mingsuan fit --json` prints."""

from __future__ import annotations

from typing import Any

from simulators.causes import MODELLED
from simulators.distributions import PARAMETERS
from simulators.families import FAMILIES
from simulators.predictors import CHOSEN
from templates.shapes import DRAFT

_text: dict[str, Any] = {"type": "string"}
_number: dict[str, Any] = {"type": "number"}
_seconds: dict[str, Any] = {"type": "number", "minimum": 0}
_count: dict[str, Any] = {"type": "integer", "minimum": 0}
_flag: dict[str, Any] = {"type": "boolean"}
_share: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _or_null(of: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [of, {"type": "null"}]}


def _named(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}


def fit_schema() -> dict[str, Any]:
    """The schema: machines, their causes, both fits of each; changeovers where production runs were given."""
    family = _object(
        {
            "family": {"enum": list(FAMILIES)},
            "parameters": _named(_number),
            "mean": _seconds,
            "loglik": _number,
            "aic": _number,
            "aicc": _number,
            "weight": {**_share, "description": "Akaike weight among the families tried"},
        }
    )
    distribution = {
        "type": "object",
        "properties": {"kind": {"enum": list(PARAMETERS)}},
        "required": ["kind"],
        "description": "as in a line document, with seconds as plain numbers",
    }
    times = _object(
        {
            "events": _count,
            "censored": {**_count, "description": "times that were still running at the end of the log"},
            "families": _list(family),
            "chosen": {"enum": [*FAMILIES, "empirical", CHOSEN]},
            "parameters": _named(_number),
            "mean": {**_seconds, "description": "seconds; of uptimes, of operating time"},
            "distribution": distribution,
            "intervals": _named({"type": "array", "items": _number, "minItems": 2, "maxItems": 2}),
            "ks": _or_null(_number),
            "ad": _or_null(_number),
            "p_value": {**_or_null(_share), "description": "parametric bootstrap of the Anderson-Darling statistic"},
            "weak": {**_flag, "description": "fewer than 8 events: only the mean is used"},
        }
    )
    trend = _object(
        {
            "laplace_u": {**_number, "description": "above 0: failures come faster and faster"},
            "laplace_p": _share,
            "military_chi2": _number,
            "military_p": _share,
            "found": _flag,
        }
    )
    cause = _object(
        {
            "cause": {**_text, "description": "the reason in the log; other: all rare ones of a kind"},
            "kind": {"enum": list(MODELLED)},
            "name": {**_text, "description": "the failure's name in a line"},
            "uptime": times,
            "repair": times,
            "trend": _or_null(trend),
            "predictor": {"enum": ["", "used", "silent"], "description": "what the pack's predictor did"},
        }
    )
    machine = _object({"station": _text, "operating_s": _seconds, "causes": _list(cause)})
    change = {
        "before": _text,
        "after": _text,
        "count": _count,
        "mean_s": _seconds,
        "low_s": _or_null(_seconds),
        "high_s": _or_null(_seconds),
        "cv": _or_null(_seconds),
    }
    changeovers = _object(
        {
            "station": _text,
            "source": {"enum": ["setup_stops", "gaps"]},
            "overall": _object(change),
            "changes": _list(_object({**change, "weak": _flag})),
        }
    )
    finding = _object(
        {
            "severity": {"enum": ["error", "warning", "note"]},
            "code": _text,
            "row": _count,
            "column": _text,
            "message": _text,
            "remedy": _text,
            "params": {"type": "object"},
        }
    )
    whole = _object(
        {
            "file": _text,
            "seed": _count,
            "refits": _count,
            "level": {**_share, "description": "of every interval but those of changeovers (0.95)"},
            "shifts": {**_or_null(_text), "description": "the shifts that the records show, in words"},
            "machines": _list(machine),
            "changeovers": _list(changeovers),
            "findings": _list(finding),
        }
    )
    return {"$schema": DRAFT, "title": "mingsuan fit --json", **whole}
