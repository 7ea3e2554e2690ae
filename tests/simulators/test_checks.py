"""Checks of logs: each bad row is named with its number, the good ones go on."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.checks import check_counts, check_equipment, check_stops
from simulators.line import ModelError
from simulators.records import CountLog, DowntimeEvent, Equipment, EquipmentList, StopLog

T0 = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
NAN = float("nan")


def stop(station="filler", start=0.0, end=60.0, reason="jam", **more) -> DowntimeEvent:
    return DowntimeEvent(station=station, start=T0 + start, end=T0 + end, reason=reason, **more)


def codes(findings) -> list[tuple[str, int]]:
    return [(finding.code, finding.row) for finding in findings]


def test_a_clean_log_has_no_findings_and_comes_back_in_order():
    checked, findings = check_stops(StopLog.of([stop(start=100, end=160), stop(start=0, end=60)]))
    assert findings == ()
    assert checked.start.tolist() == [T0, T0 + 100]
    assert checked.row.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (stop(station=" "), "log_station_missing"),
        (DowntimeEvent(station="a", start=NAN, end=T0), "log_date_unreadable"),
        (DowntimeEvent(station="a", start=T0, end=NAN), "log_end_missing"),
        (DowntimeEvent(station="a", start=-3e9, end=T0), "log_date_implausible"),
        (stop(start=60, end=0), "log_end_before_start"),
        (stop(start=60, end=60), "log_zero_length"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_and_named(event, code):
    checked, findings = check_stops(StopLog.of([stop(station="other", start=-9000, end=-8000), event]))
    assert codes(findings) == [(code, 3)]
    assert len(checked) == 1
    assert findings[0].remedy


def test_copies_count_once_and_overlaps_stay():
    log = StopLog.of([stop(), stop(start=30, end=90, reason="belt"), stop(), stop(station="packer")])
    checked, findings = check_stops(log)
    assert set(codes(findings)) == {("log_duplicate", 4), ("log_overlap", 3)}
    assert len(checked) == 3


def test_spellings_of_a_station_are_one_station():
    log = StopLog.of([stop("Filler"), stop("Filler", 100, 160), stop("filler ", 200, 260), stop(" FILLER", 300, 360)])
    checked, findings = check_stops(log)
    assert set(checked.station.tolist()) == {"Filler"}
    assert {code for code, _ in codes(findings)} == {"log_spelling"}


def test_a_forgotten_end_and_a_silent_month_are_told():
    day = 86_400
    log = StopLog.of([stop(end=40 * day), stop("packer", 80 * day, 80 * day + 60)])
    assert codes(check_stops(log)[1]) == [("log_very_long", 2), ("log_silence", 3)]


def test_many_bad_rows_are_summed_up():
    _, findings = check_stops(StopLog.of([stop(start=60, end=0) for _ in range(500)]))
    assert len(findings) == 101
    assert findings[0].params["count"] == 500


def test_columns_come_by_field_name_and_durations_fill_missing_ends():
    log = StopLog.from_columns(
        {
            "station": np.array(["a", "a"]),
            "started_at": np.array([T0, T0 + 100]),
            "ended_at": np.array([T0 + 10, NAN]),
            "duration_s": np.array([999.0, 20.0]),
            "reason": np.array(["换型", "电机故障"]),
        }
    )
    assert (log.end - T0).tolist() == [10, 120]
    assert log.kind.tolist() == ["setup", "breakdown"]


def test_a_missing_column_says_which():
    with pytest.raises(ModelError) as error:
        StopLog.from_columns({"station": np.array(["a"]), "started_at": np.array([0.0])})
    assert error.value.code == "column_missing"
    assert error.value.params["column"] == "ended_at"
    with pytest.raises(ModelError):
        StopLog.from_columns({"station": np.array(["a"]), "started_at": np.array([0.0, 1.0]), "ended_at": np.zeros(2)})


def test_counts_that_cannot_be_are_named():
    log = CountLog.from_columns(
        {
            "station": np.array(["a"] * 3),
            "started_at": T0 + np.array([0.0, 100, 200]),
            "ended_at": T0 + np.array([90.0, 190, 290]),
            "made": np.array([10.0, -1, 5]),
            "scrap": np.array([1.0, 0, -1]),
        }
    )
    checked, findings = check_counts(log)
    assert codes(findings) == [("log_count_negative", 3), ("log_good_above_made", 4)]
    assert checked.good.tolist() == [9, 6]


def test_an_equipment_list_keeps_what_is_possible():
    machines = EquipmentList.of(
        [
            Equipment(station="a", ideal_cycle=-1, buffer=-5),
            Equipment(station="a ", ideal_cycle=2),
            Equipment(station="b", ideal_cycle=2, servers=0, scrap=1.5, buffer=None),
        ]
    )
    checked, findings = check_equipment(machines)
    assert [code for code, _ in codes(findings)] == [
        "log_buffer_implausible",
        "log_cycle_implausible",
        "log_machine_twice",
        "log_scrap_implausible",
        "log_servers_implausible",
    ]
    assert list(checked) == [
        Equipment(station="a", ideal_cycle=None, buffer=0),
        Equipment(station="b", ideal_cycle=2, servers=1, scrap=None, buffer=None),
    ]


ROWS = st.lists(
    st.tuples(st.sampled_from("abc "), st.floats(-1e5, 1e5) | st.just(NAN), st.floats(-1e5, 1e5) | st.just(NAN)),
    max_size=40,
)


@given(ROWS)
def test_what_goes_on_is_sound_and_nothing_gets_lost_without_a_finding(rows):
    log = StopLog.of([DowntimeEvent(station=s, start=T0 + a, end=T0 + b) for s, a, b in rows])
    checked, findings = check_stops(log)
    assert (checked.end > checked.start).all()
    assert (checked.station != "").all()
    lost = set(log.row.tolist()) - set(checked.row.tolist())
    assert lost <= {finding.row for finding in findings}
    assert check_stops(checked)[0].row.tolist() == checked.row.tolist(), "checking again changes nothing"


def test_film_plant_log_has_60_overlapping_runs(reference_data):
    with (reference_data / "real/logs/film_plant_runs_2019.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seconds = {
        name: np.array([datetime.fromisoformat(row[name]).replace(tzinfo=UTC).timestamp() for row in rows])
        for name in ("From Date/Time", "To Date/Time")
    }
    log = CountLog.from_columns(
        {
            "station": np.array([row["Line"] for row in rows]),
            "started_at": seconds["From Date/Time"],
            "ended_at": seconds["To Date/Time"],
            "made": np.array([float(row["Net Quantity Produced"]) for row in rows]),
            "good": np.array([float(row["Quantity Good"]) for row in rows]),
            "product": np.array([row["FA"] for row in rows]),
        }
    )
    checked, findings = check_counts(log)
    assert len(checked) == 5222
    assert Counter(finding.code for finding in findings)["log_overlap"] == 60
