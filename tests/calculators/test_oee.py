from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.oee import (
    Definition,
    Effectiveness,
    Elements,
    EquipmentStates,
    aggregate,
    capability,
    check_same,
    iso22400,
    semi_e79,
    six_big_losses,
)
from calculators.units import CalculationError

time = st.floats(1, 1e4)
share = st.floats(0.05, 0.95)


@given(time, share, share, share, share, share)
def test_the_identities_of_the_standard_hold(calendar, open_share, busy, used, speed, good):
    pot = calendar * open_share
    pbt = pot * busy
    apt = pbt * used
    pri = 0.5
    pq = apt * speed / pri
    found = iso22400(
        Elements(
            calendar=calendar, pot=pot, pbt=pbt, apt=apt, aust=0.1 * apt, adet=0.05 * apt, aoet=1.2 * apt, pri=pri,
            pq=pq, gq=pq * good, sq=pq * (1 - good), rq=0, gp=pq * good, ip=pq,
        )
    )  # fmt: skip
    assert found.availability == pytest.approx(found.allocation_efficiency * found.utilization_efficiency)
    assert found.oee.value == pytest.approx(found.availability * found.effectiveness * found.quality_ratio)
    assert found.teep.value == pytest.approx(found.oee.value * pbt / calendar)
    assert found.teep.value <= found.ooe.value <= found.oee.value <= found.nee.value
    assert not found.wrong_run_time


def test_an_effectiveness_above_one_is_shown_and_flagged():
    found = iso22400(
        Elements(calendar=24, pot=16, pbt=10, apt=8, aust=1, adet=1, aoet=10, pri=1, pq=9, gq=9, sq=0, rq=0, gp=9, ip=9)
    )
    assert found.effectiveness == 9 / 8
    assert found.wrong_run_time


@given(time, share, share, st.floats(0.1, 1), st.floats(1, 3), st.integers(0, 50), share)
def test_the_six_losses_close_to_the_loading_time(shift, stops, down, ideal, slower, pieces, bad):
    found = six_big_losses(
        shift=shift + 1, planned_stops=shift * stops, breakdown=shift * (1 - stops) * down / 2,
        setup=shift * (1 - stops) * down / 3, ideal_cycle=ideal, actual_cycle=ideal * slower, pieces=pieces,
        defects=pieces * bad,
    )  # fmt: skip
    losses = (
        found.breakdown + found.setup_adjustment + found.minor_stops + found.reduced_speed + found.defects
        + found.fully_productive
    )  # fmt: skip
    assert losses == pytest.approx(found.loading_time)
    if pieces:
        assert found.oee.value == pytest.approx(found.fully_productive / found.loading_time)


def test_semi_e79_divides_by_total_time_and_is_not_compared_with_iso():
    states = EquipmentStates(
        productive=100, standby=20, engineering=10, scheduled_down=10, unscheduled_down=20, non_scheduled=8
    )
    found = semi_e79(states, theoretical_time=0.5, units=180, effective_units=170, failures=4)
    factors = (
        found.availability_efficiency, found.operational_efficiency, found.rate_efficiency, found.quality_efficiency
    )  # fmt: skip
    assert found.oee.value == pytest.approx(np.prod(factors)) == pytest.approx(85 / 168)
    assert found.operational_uptime == 130 / 160
    assert found.total_uptime == 130 / 168
    assert found.productive_time_per_failure == 25
    iso = Effectiveness(value=0.7, definition=Definition.ISO_22400, denominator_time=100)
    with pytest.raises(CalculationError) as caught:
        found.oee.minus(iso)
    assert caught.value.code == "mixed_definitions"
    assert found.oee.denominator == "total time"
    assert iso.minus(iso) == 0
    assert check_same((iso, iso)) is Definition.ISO_22400


def test_figures_add_up_by_time_not_by_ratio():
    whole = aggregate([90, 10], [100, 100], Definition.ISO_22400)
    assert whole.value == 0.5
    assert np.isnan(aggregate([], [], Definition.ISO_22400).value)


def test_a_centred_process_has_cmk_equal_to_cm():
    found = capability(usl=10, lsl=4, mean=7, sd=1)
    assert found.cm == found.cmk == 1
    assert found.fraction_outside_if_normal == pytest.approx(0.0026998, abs=1e-6)
