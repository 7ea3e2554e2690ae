"""What `simulate` tells of a line beyond its machines: products, orders, demand, transport, energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simulators.distributions import Floats
from simulators.energy import energy_use
from simulators.figures import FLEET_SUMS, ORDER_SUMS, PRODUCT_SUMS, RunFigures
from simulators.kpi import HOUR
from simulators.line import Line
from simulators.replications import Estimate, estimate

Figures = Sequence[RunFigures]
_FINISHED, _AT, _TARDY = (ORDER_SUMS.index(name) for name in ("finished", "finished_s", "tardy_s"))
_GOOD, _LEAD = (PRODUCT_SUMS.index(name) for name in ("good_out", "lead_s"))


def flow_report(line: Line, figures: Figures) -> dict[str, Any]:
    """The blocks that apply to this line, each figure with its 95 % interval; empty for a plain line without energy."""
    document: dict[str, Any] = {}
    if not line.plain:
        document["flow"] = _flow(line, figures)
        if line.products is not None:
            document["products"] = _products(line, figures)
        if line.orders:
            document["orders"] = _orders(line, figures)
        if line.demand is not None:
            document["demand"] = _demand(figures)
        if line.fleets or any(station.travel is not None for station in line.stations):
            document["transport"] = _transport(line, figures)
    if any(station.energy for station in line.stations):
        document["energy"] = _energy(line, figures)
    return document


def _row(**values: Floats) -> dict[str, Any]:
    """Means of several figures over the replications, and their intervals under `ci95`."""
    return _means({name: estimate(array) for name, array in values.items()})


def _means(found: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        **{name: value.mean for name, value in found.items()},
        "ci95": {name: value.ci95 for name, value in found.items()},
    }


def _over(part: Floats, whole: Floats) -> Floats:
    """Quotients, and 0 where there is nothing to divide."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _flow(line: Line, figures: Figures) -> list[dict[str, Any]]:
    """For each station: parts processed, scrapped and sent back per hour, set-ups per hour."""
    hours = figures[0].window.length / HOUR
    processed, scrapped = (
        np.array([run.station(name) for run in figures]) / hours for name in ("processed", "scrapped")
    )
    reworked, setups = (np.array([run.place(name) for run in figures]) / hours for name in ("reworked", "setups"))
    return [
        {
            "station": station.name,
            **_row(
                processed_per_h=processed[:, index],
                scrapped_per_h=scrapped[:, index],
                reworked_per_h=reworked[:, index],
                setups_per_h=setups[:, index],
            ),
        }
        for index, station in enumerate(line.stations)
    ]


def _products(line: Line, figures: Figures) -> list[dict[str, Any]]:
    hours = figures[0].window.length / HOUR
    good, lead = (np.array([run.products[:, column] for run in figures]) for column in (_GOOD, _LEAD))
    return [
        {"name": name, **_row(good_per_h=good[:, index] / hours, lead_time_s=_over(lead[:, index], good[:, index]))}
        for index, name in enumerate(line.product_names)
    ]


def _orders(line: Line, figures: Figures) -> list[dict[str, Any]]:
    """Each order over the whole run; `tardiness_s` counts an unfinished one up to the horizon."""
    listed = []
    for index, order in enumerate(line.orders):
        rows = np.array([run.orders[index] for run in figures])
        finished = rows[:, _FINISHED] > 0
        times = estimate(rows[finished, _AT]) if finished.any() else None
        shares = _means(
            {
                "finished_share": estimate(rows[:, _FINISHED]),
                "late_share": estimate((rows[:, _TARDY] > 0).astype(float)),
                "tardiness_s": estimate(rows[:, _TARDY]),
                "good": estimate(rows[:, ORDER_SUMS.index("good")]),
            }
        )
        shares["ci95"]["finished_s"] = None if times is None else times.ci95
        listed.append(
            {
                "name": order.name,
                "product": order.product,
                "parts": order.parts,
                "due_s": order.due,
                "finished_s": None if times is None else times.mean,
                **shares,
            }
        )
    return listed


def _demand(figures: Figures) -> dict[str, Any]:
    """Good parts per hour that somebody wanted, and those beyond the demand of their period."""
    hours = figures[0].window.length / HOUR
    wanted = np.array([run.more[0] for run in figures])
    good = np.array([run.total("good_out") for run in figures])
    return _row(wanted_per_h=wanted / hours, surplus_per_h=(good - wanted) / hours)


def _transport(line: Line, figures: Figures) -> dict[str, Any]:
    """Vehicles, and how long machines stood still while a part for them was under way or waited to be fetched."""
    seconds = figures[0].window.length
    busy, loaded, deliveries, delivery = (
        np.array([run.fleets[:, column] for run in figures]) for column in range(len(FLEET_SUMS))
    )
    waited = np.array([run.place("transport_starved_s") for run in figures]) / seconds
    fleets = [
        {
            "name": fleet.name,
            **_row(
                utilisation=busy[:, index] / seconds / fleet.vehicles,
                loaded_share=loaded[:, index] / seconds / fleet.vehicles,
                deliveries_per_h=deliveries[:, index] / seconds * HOUR,
                mean_delivery_s=_over(delivery[:, index], deliveries[:, index]),
            ),
        }
        for index, fleet in enumerate(line.fleets)
    ]
    stations = [
        {"station": station.name, **_row(starved_by_transport=waited[:, index] / station.servers)}
        for index, station in enumerate(line.stations)
    ]
    return {"fleets": fleets, "stations": stations}


def _energy(line: Line, figures: Figures) -> dict[str, Any]:
    """Energy by station and for a good part; carbon where the line says what a kWh costs."""
    uses = np.array([energy_use(line, run) for run in figures])  # [replication, station]
    hours = figures[0].window.length / HOUR
    of_one = _over(uses.sum(axis=1), np.array([run.total("good_out") for run in figures]))
    carbon = {} if line.carbon is None else {"co2_kg_per_good": line.carbon * of_one}
    stations = [
        {"name": station.name, **_row(kwh_per_h=uses[:, index] / hours)} for index, station in enumerate(line.stations)
    ]
    return {**_row(kwh_per_h=uses.sum(axis=1) / hours, kwh_per_good=of_one, **carbon), "stations": stations}
