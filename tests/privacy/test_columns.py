"""Sealed tables: granted columns open, everything moved, cut, changed or put back does not."""

from __future__ import annotations

import base64
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from privacy.columns import grant, open_columns, open_grant, read_manifest, seal_columns
from privacy.vault import Place, PrivacyError, SealBroken

KEY = bytes(range(32))
PLACE = Place(tenant="acme", workspace="plant-2", kind="dataset", id="7f3a", version="3")
TABLE: dict[str, NDArray[Any]] = {
    "started_at": np.array(["2026-11-01T08:00", "2026-11-01T09:30", "NaT"], dtype="datetime64[ms]"),
    "duration_s": np.array([120.5, np.nan, np.inf]),
    "made": np.array([10, -3, 2**62]),
    "planned": np.array([True, False, True]),
    "reason": np.array(["堵料", "jam", ""]),
    "note": np.array(["a", None, "b"], dtype=object),
}
FROZEN = Path(__file__).parents[1] / "data" / "sealed_v1.json"


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype.kind == "O":
        return one.dtype == other.dtype and list(one) == list(other)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind in "fmM")


def test_every_kind_of_column_comes_back_bit_by_bit() -> None:
    sealed = seal_columns(KEY, TABLE, place=PLACE)
    opened = open_columns(KEY, sealed.manifest, sealed.blobs.__getitem__, place=PLACE, digest=sealed.digest)
    assert list(opened) == list(TABLE)
    assert all(same(opened[name], TABLE[name]) for name in TABLE)


@given(st.lists(st.floats(width=64), max_size=60), st.integers(0, 3))
@settings(max_examples=40)
def test_floats_keep_their_bits(values: list[float], spare: int) -> None:
    table = {"x": np.array(values, dtype=np.float64), "n": np.full(len(values), spare, dtype=np.int8)}
    sealed = seal_columns(KEY, table, place=PLACE)
    opened = open_columns(KEY, sealed.manifest, sealed.blobs.__getitem__, place=PLACE)
    assert opened["x"].tobytes() == table["x"].tobytes()
    assert opened["n"].tobytes() == table["n"].tobytes()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), max_size=30))
@settings(max_examples=40)
def test_texts_come_back(values: list[str]) -> None:
    table = {"t": np.array(values, dtype=np.str_), "o": np.array([*values], dtype=object)}
    sealed = seal_columns(KEY, table, place=PLACE)
    opened = open_columns(KEY, sealed.manifest, sealed.blobs.__getitem__, place=PLACE)
    assert list(opened["t"]) == values
    assert list(opened["o"]) == values


def test_blobs_may_be_taken_one_by_one() -> None:
    taken: dict[str, bytes] = {}
    sealed = seal_columns(KEY, TABLE, place=PLACE, put=lambda name, blob: taken.update({name: bytes(blob)}))
    assert sealed.blobs == {}
    assert sealed.names == tuple(taken)
    opened = open_columns(KEY, sealed.manifest, taken.__getitem__, place=PLACE)
    assert all(same(opened[name], TABLE[name]) for name in TABLE)


def test_neither_names_nor_values_are_in_the_clear() -> None:
    sealed = seal_columns(KEY, {"started_at": np.array(["canary-4711"] * 50)}, place=PLACE)
    stored = sealed.manifest + b"".join(sealed.blobs.values()) + "".join(sealed.blobs).encode()
    for secret in ("started_at", "canary-4711", "acme", "plant-2"):
        assert secret.encode() not in stored
        assert secret.encode("utf-16-le") not in stored


def test_a_grant_opens_its_columns_and_no_other() -> None:
    sealed = seal_columns(KEY, TABLE, place=PLACE, grades={"note": "internal"})
    manifest = read_manifest(KEY, sealed.manifest, place=PLACE)
    assert manifest.grades["note"] == "internal"
    granted = pickle.loads(pickle.dumps(grant(KEY, manifest, place=PLACE, fields=["made"])))
    fetched: list[str] = []
    opened = open_grant(granted, lambda name: fetched.append(name) or sealed.blobs[name])
    assert list(opened) == ["made"]
    assert len(fetched) == 1
    other = next(column for column in manifest.columns if column.field == "note")
    with pytest.raises(SealBroken):
        open_grant(replace(granted, columns=(other,)), sealed.blobs.__getitem__)
    assert not any(key.hex() in repr(granted) or repr(key) in repr(granted) for key in granted.keys)


def test_an_unknown_field_is_refused_by_name() -> None:
    sealed = seal_columns(KEY, TABLE, place=PLACE)
    with pytest.raises(PrivacyError) as refused:
        open_columns(KEY, sealed.manifest, sealed.blobs.__getitem__, place=PLACE, fields=["made", "salary"])
    assert (refused.value.code, refused.value.params["field"]) == ("field_unknown", "salary")


def test_swapped_blobs_are_refused() -> None:
    sealed = seal_columns(KEY, {"a": np.arange(3), "b": np.arange(3)}, place=PLACE)
    one, two = sealed.blobs
    swapped = {one: sealed.blobs[two], two: sealed.blobs[one]}
    with pytest.raises(SealBroken):
        open_columns(KEY, sealed.manifest, swapped.__getitem__, place=PLACE)


def test_a_column_of_an_older_version_is_refused() -> None:
    old = seal_columns(KEY, {"a": np.arange(3)}, place=replace(PLACE, version="2"))
    new = seal_columns(KEY, {"a": np.arange(3)}, place=PLACE)
    put_back = dict.fromkeys(new.blobs, next(iter(old.blobs.values())))
    with pytest.raises(SealBroken):
        open_columns(KEY, new.manifest, put_back.__getitem__, place=PLACE)


def test_an_older_manifest_put_back_is_refused() -> None:
    old = seal_columns(KEY, {"a": np.arange(3)}, place=PLACE)
    new = seal_columns(KEY, {"a": np.arange(3)}, place=PLACE)
    everything = {**old.blobs, **new.blobs}
    with pytest.raises(SealBroken) as refused:
        open_columns(KEY, old.manifest, everything.__getitem__, place=PLACE, digest=new.digest)
    assert refused.value.code == "manifest_replaced"
    with pytest.raises(SealBroken):
        open_columns(KEY, old.manifest, everything.__getitem__, place=replace(PLACE, version="4"))


def test_a_missing_blob_is_told() -> None:
    sealed = seal_columns(KEY, TABLE, place=PLACE)
    with pytest.raises(SealBroken) as refused:
        open_columns(KEY, sealed.manifest, {}.__getitem__, place=PLACE)
    assert refused.value.code == "blob_missing"


def test_sealed_again_under_the_same_name_is_not_the_same_column() -> None:
    """Who holds the key and reseals a column without the manifest is noticed as well."""
    sealed = seal_columns(KEY, {"a": np.arange(3)}, place=PLACE)
    manifest = read_manifest(KEY, sealed.manifest, place=PLACE)
    column = manifest.columns[0]
    again = {column.blob: sealed.blobs[column.blob]}
    forged = replace(manifest, columns=(replace(column, mark="0" * 64),))
    with pytest.raises(SealBroken, match="manifest"):
        open_grant(grant(KEY, forged, place=PLACE, fields=["a"]), again.__getitem__)


@given(st.data())
@settings(max_examples=60)
def test_a_flip_or_cut_in_any_blob_or_the_manifest_is_refused(data: st.DataObject) -> None:
    sealed = seal_columns(KEY, TABLE, place=PLACE)
    blobs, manifest = {name: bytes(blob) for name, blob in sealed.blobs.items()}, sealed.manifest
    name = data.draw(st.sampled_from([*blobs, "manifest"]))
    victim = manifest if name == "manifest" else blobs[name]
    at = data.draw(st.integers(0, len(victim) - 1))
    cut = data.draw(st.booleans())
    changed = victim[:at] if cut else victim[:at] + bytes((victim[at] ^ 1,)) + victim[at + 1 :]
    if name == "manifest":
        manifest = changed
    else:
        blobs[name] = changed
    with pytest.raises(SealBroken):
        open_columns(KEY, manifest, blobs.__getitem__, place=PLACE)


def test_what_is_no_table_is_refused() -> None:
    for table in ({"a": np.arange(3), "b": np.arange(4)}, {"a": np.zeros((2, 2))}):
        with pytest.raises(PrivacyError) as uneven:
            seal_columns(KEY, table, place=PLACE)
        assert uneven.value.code == "table_uneven"
    for values in (np.array([1 + 2j]), np.array([object()]), np.array([b"x"])):
        with pytest.raises(PrivacyError) as kind:
            seal_columns(KEY, {"a": values}, place=PLACE)
        assert kind.value.code == "column_kind"


def test_a_table_sealed_by_the_first_release_still_opens() -> None:
    held = json.loads(FROZEN.read_text())
    table = held["table"]
    blobs = {name: base64.b64decode(blob) for name, blob in table["blobs"].items()}
    opened = open_columns(
        bytes.fromhex(held["key"]),
        base64.b64decode(table["manifest"]),
        blobs.__getitem__,
        place=Place(**table["place"]),
        digest=table["digest"],
    )
    plain = {name: values.tolist() for name, values in opened.items()}
    plain["start"] = [str(value) for value in opened["start"]]
    plain["share"] = [None if np.isnan(value) else value for value in opened["share"]]
    assert plain == table["columns"]
