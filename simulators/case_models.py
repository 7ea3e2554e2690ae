"""From a reference case (schema line-reference-cases/1, minutes) to a line document's line (seconds)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.distributions import PARAMETERS, TIMES, Distribution, ModelError
from simulators.line import Calendar, Failure, Line, Shift, Station

MINUTE = 60.0
CREW = "crew"
#: A part that is never finished: machines whose failures and repairs are all that matters.
ENDLESS = Distribution.constant(1e14)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseModel:
    """A case as a line, and how long its replications must be.

    ``pulse`` seconds is the time scale: the mean time between parts at the slowest station, or between failures of a
    machine. ``horizon`` is given where the case fixes it; then there is no warm-up.
    """

    kind: str
    line: Line
    pulse: float
    horizon: float | None = None
    pulses: int = 200_000  # in a replication, after a tenth as many of warm-up


def case_model(case: Mapping[str, Any]) -> CaseModel:
    """Build the model of a case; raises ModelError where it asks for something we do not have."""
    kind, model = str(case.get("kind")), case["model"]
    match kind:
        case "serial_line" | "queue" | "closed_line":
            return _flow(kind, model)
        case "machine_repair":
            return _machine_repair(model)
        case "calendar":
            flow = _flow(kind, model)
            return CaseModel(kind=kind, line=flow.line, pulse=flow.pulse, horizon=model["horizon_minutes"] * MINUTE)
        case _:
            raise _unknown(f"kind {kind!r}")


def _unknown(what: str) -> ModelError:
    return ModelError(
        f"{what} is not modelled",
        code="case_not_modelled",
        remedy="Use a kind and a distribution of line-reference-cases/1.",
        what=what,
    )


def _distribution(spec: Mapping[str, Any]) -> Distribution:
    kind = {"deterministic": "constant"}.get(str(spec["dist"]), str(spec["dist"]))
    names = PARAMETERS.get(kind)
    if names is None or any(name not in spec for name in names):
        raise _unknown(f"distribution {spec['dist']!r}")
    return Distribution.of(kind, **{name: _seconds(spec[name]) if name in TIMES else spec[name] for name in names})


def _seconds(value: float | Sequence[float]) -> float | list[float]:
    return [item * MINUTE for item in value] if isinstance(value, Sequence) else value * MINUTE


def _failures(spec: Any, crew: str | None) -> tuple[Failure, ...]:
    causes = spec if isinstance(spec, list) else [spec] if spec else []
    return tuple(
        Failure(
            name=str(cause.get("name", f"failure {number}")),
            clock={"operation": "operating", "time": "calendar"}[cause["mode"]],  # type: ignore[arg-type]
            uptime=_distribution(cause["up"]),
            repair=_distribution(cause["down"]),
            crew=crew,
        )
        for number, cause in enumerate(causes)
    )


def _flow(kind: str, model: Mapping[str, Any]) -> CaseModel:
    if model.get("blocking", "after_service") != "after_service":
        raise _unknown(f"blocking {model['blocking']!r}")
    crew = model.get("repair_crew")
    closed = "pallets" in model
    specs = model["stations"]
    buffers = model.get("buffers")
    behind: list[Any] = list(buffers) if buffers is not None else [None] * (len(specs) - (not closed))
    behind += [None if closed else 0] * (len(specs) - len(behind))
    stations = tuple(
        Station(
            name=spec["name"],
            servers=int(spec.get("servers", 1)),
            cycle=_distribution(spec["process"]),
            scrap=float(spec.get("scrap", 0.0)),
            failures=_failures(spec.get("failure"), CREW if crew else None),
            buffer=None if places in {None, "unlimited"} else int(places),
        )
        for spec, places in zip(specs, behind, strict=True)
    )
    line = Line(
        name=kind,
        stations=stations,
        crews=((CREW, int(crew["size"])),) if crew else (),
        arrivals=_arrivals(model.get("input", "saturated")),
        calendar=_calendar(model.get("calendar")),
        pallets=int(model["pallets"]) if closed else None,
        system_capacity=model.get("system_capacity"),
    )
    pulse = max(station.cycle.mean / station.servers for station in stations)
    if line.arrivals is not None:
        pulse = max(pulse, line.arrivals.mean)
    return CaseModel(kind=kind, line=line, pulse=pulse)


def _arrivals(spec: Any) -> Distribution | None:
    if spec == "saturated":
        return None
    if spec.get("arrivals") == "poisson":
        return Distribution.exponential(MINUTE / spec["rate"])
    if isinstance(spec.get("arrivals"), Mapping):
        return _distribution(spec["arrivals"])
    raise _unknown(f"input {spec!r}")


def _clock(text: str) -> float:
    hours, minutes = text.split(":")[:2]
    return int(hours) * 3600.0 + int(minutes) * 60.0


def _calendar(spec: Mapping[str, Any] | None) -> Calendar | None:
    """Breaks count in every shift that they lie in."""
    if spec is None:
        return None
    days = tuple(int(day) for day in spec.get("working_days", range(7)))
    breaks = [(_clock(start), _clock(end)) for start, end in spec.get("breaks", [])]
    shifts = []
    for start, end in ((_clock(start), _clock(end)) for start, end in spec["shifts"]):
        inside = []
        for pause in breaks:
            try:
                Shift(days=days, start_s=start, end_s=end, breaks=(pause,))
            except ModelError:
                continue
            inside.append(pause)
        shifts.append(Shift(days=days, start_s=start, end_s=end, breaks=tuple(inside)))
    return Calendar(shifts=tuple(shifts))


def _machine_repair(model: Mapping[str, Any]) -> CaseModel:
    """Machines that only fail: on the calendar clock, none waits for another's parts."""
    machines = model["machines"]
    crew = model.get("repair_crew")
    several = isinstance(machines, list)
    specs = machines if several else [model]
    stations = tuple(
        Station(
            name=str(spec.get("name", f"machine {number + 1}")),
            servers=1 if several else int(machines),
            cycle=ENDLESS,
            failures=_failures({"mode": "time", "up": spec["up"], "down": spec["down"]}, CREW if crew else None),
            buffer=None if number < len(specs) - 1 else 0,
        )
        for number, spec in enumerate(specs)
    )
    line = Line(name="machine_repair", stations=stations, crews=((CREW, int(crew["size"])),) if crew else ())
    rounds = [
        (failure.uptime.mean + failure.repair.mean) / station.servers
        for station in stations
        for failure in station.failures
    ]
    return CaseModel(kind="machine_repair", line=line, pulse=max(rounds), pulses=20_000)
