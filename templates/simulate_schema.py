"""The JSON Schema (draft 2020-12) of what `mingsuan simulate --json` prints for a line."""

from __future__ import annotations

from typing import Any

from simulators.kpi import KPIS
from simulators.states import STATES
from templates.shapes import DRAFT

_text: dict[str, Any] = {"type": "string"}
_number: dict[str, Any] = {"type": "number"}
_or_null: dict[str, Any] = {"type": ["number", "null"]}
_count: dict[str, Any] = {"type": "integer", "minimum": 0}
_interval: dict[str, Any] = {
    "description": "95 % interval over the replications; null for a single one",
    "anyOf": [{"type": "array", "items": _number, "minItems": 2, "maxItems": 2}, {"type": "null"}],
}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _figures(*names: str, optional: tuple[str, ...] = (), **others: dict[str, Any]) -> dict[str, Any]:
    """Means by name, and under `ci95` the interval of each."""
    intervals = _object(dict.fromkeys(names, _interval), optional=optional)
    return _object({**others, **dict.fromkeys(names, _number), "ci95": intervals}, optional=optional)


def simulate_schema() -> dict[str, Any]:
    """The schema; blocks about the flow of parts are there where the line has such things."""
    states = _object(dict.fromkeys(STATES, _number))
    station = _object(
        {
            "name": _text,
            "states": states,
            "oee": _number,
            "bottleneck_share": _number,
            "ci95": _object(
                {
                    "states": _object(dict.fromkeys(STATES, _interval)),
                    "oee": _interval,
                    "bottleneck_share": _interval,
                }
            ),
        }
    )
    order = _object(
        {
            "name": _text,
            "product": {"type": ["string", "null"]},
            "parts": _count,
            "due_s": _number,
            "finished_s": {**_or_null, "description": "mean over the replications in which it was finished"},
            "finished_share": _number,
            "late_share": _number,
            "tardiness_s": _number,
            "good": _number,
            "ci95": _object(
                dict.fromkeys(("finished_share", "late_share", "tardiness_s", "good", "finished_s"), _interval)
            ),
        }
    )
    energy = _figures("kwh_per_h", "kwh_per_good", "co2_kg_per_good", optional=("co2_kg_per_good",))
    energy["required"].append("stations")
    energy["properties"]["stations"] = _list(_figures("kwh_per_h", name=_text))
    whole = {
        "line": _text,
        "engine": {"enum": ["twin", "reference"]},
        "seed": _count,
        "horizon_s": _number,
        "warmup_s": _number,
        "replications": _count,
        "precision": _object({"measure": _text, "wanted": _number, "reached": _or_null}),
        "kpis": _object(dict.fromkeys(KPIS, _object({"mean": _number, "ci95": _interval}))),
        "stations": _list(station),
        "buffers": _list(_object({"after": _text, "mean_level": _number, "ci95": _interval})),
        "queue": _figures("mean_level", "mean_wait_s", "lost_share"),
        "crews": _list(_figures("utilisation", "mean_wait_s", name=_text)),
        "flow": _list(_figures("processed_per_h", "scrapped_per_h", "reworked_per_h", "setups_per_h", station=_text)),
        "products": _list(_figures("good_per_h", "lead_time_s", name=_text)),
        "orders": _list(order),
        "demand": _figures("wanted_per_h", "surplus_per_h"),
        "transport": _object(
            {
                "fleets": _list(
                    _figures("utilisation", "loaded_share", "deliveries_per_h", "mean_delivery_s", name=_text)
                ),
                "stations": _list(_figures("starved_by_transport", station=_text)),
            }
        ),
        "energy": energy,
        "exact": {
            **_object(
                {
                    "kind": {"enum": ["erlang_c", "two_exponential", "one_machine"]},
                    "throughput_per_h": _number,
                    "queue_mean_level": _or_null,
                    "queue_mean_wait_s": _or_null,
                }
            ),
            "description": "the answer in the long run, where one is known in closed form",
        },
        "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
    optional = ("queue", "crews", "flow", "products", "orders", "demand", "transport", "energy", "exact")
    return {"$schema": DRAFT, "title": "mingsuan simulate --json", **_object(whole, optional=optional)}
