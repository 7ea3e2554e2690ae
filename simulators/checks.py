"""Is a log fit for use? Every row that is not gets a finding with its number and what to do; the rest goes on."""

from __future__ import annotations

from simulators.records import CountLog, EquipmentList, Finding, StopLog


def check_stops(log: StopLog) -> tuple[StopLog, tuple[Finding, ...]]:
    """The usable rows in the order of station and start, and what was found."""
    raise RuntimeError("being written")


def check_counts(log: CountLog) -> tuple[CountLog, tuple[Finding, ...]]:
    """The usable runs in the order of station and start, and what was found."""
    raise RuntimeError("being written")


def check_equipment(machines: EquipmentList) -> tuple[EquipmentList, tuple[Finding, ...]]:
    """The usable machines in the order of the file, and what was found."""
    raise RuntimeError("being written")
