"""The worker process: same answers as in the process, limits that bite, nothing of ours within its reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from templates import limited, worker
from templates.files import FileRefused, open_tables
from templates.limited import Limits, read_limited, take_limited
from templates.mapping import understand
from templates.node import DocumentError

ROOT = Path(__file__).parents[2]
STOPS = "设备,开始时间,结束时间,停机原因,记录人\n" + "".join(
    f"M{k % 3},2026-01-{1 + k % 28:02d} 08:00,2026-01-{1 + k % 28:02d} 08:1{k % 10},卡料 {k % 4},张三\n"
    for k in range(60)
)


def test_the_worker_says_what_the_library_says() -> None:
    data = STOPS.encode()
    answer = read_limited(data, "停机.csv", timezone="Asia/Shanghai", preview_rows=2)
    plain = understand(open_tables(data, "停机.csv"), timezone="Asia/Shanghai").to_json()
    table = answer["tables"][0]
    assert table.pop("preview")[0] == ["M0", "2026-01-01 08:00", "2026-01-01 08:10", "卡料 0", "•••"]
    assert table.pop("dropped") == [{"header": "记录人", "reason": "personal"}]
    assert table.pop("rows") == [2, 3]
    assert [len(found) for found in table.pop("row_findings")] == [0, 0]
    table.pop("date_order")
    for column in table["columns"]:
        column.pop("others")
        column.pop("why")
    assert answer == plain


def test_the_worker_gives_typed_columns_under_a_confirmed_mapping() -> None:
    mapping = {"设备": "station", "开始时间": "started_at", "结束时间": "ended_at", "停机原因": ""}
    taken = take_limited(STOPS.encode(), "停机.csv", table=0, mapping=mapping, kind="stops", timezone="Asia/Shanghai")
    assert set(taken.columns) == {"row", "station", "started_at", "ended_at"}
    assert taken.columns["station"].tolist()[:3] == ["M0", "M1", "M2"]
    assert taken.columns["started_at"][0] == 1767225600.0
    assert taken.facts["rows"] == 60
    assert {one["header"] for one in taken.dropped} == {"停机原因", "记录人"}
    again = take_limited(STOPS.encode(), "停机.csv", table=0, mapping=None)
    assert np.array_equal(again.columns["row"], taken.columns["row"])
    assert again.mapping["停机原因"] == "reason"


def test_refusals_come_back_as_they_are() -> None:
    with pytest.raises(FileRefused) as caught:
        read_limited(b"", "stops.csv")
    assert (caught.value.code, caught.value.params["file"]) == ("empty_file", "stops.csv")
    with pytest.raises(DocumentError) as other:
        read_limited(STOPS.encode(), "stops.csv", kind="stop")
    assert other.value.code == "unknown_table_kind"
    assert not isinstance(other.value, FileRefused)
    with pytest.raises(DocumentError) as number:
        take_limited(STOPS.encode(), "stops.csv", table=7, mapping=None)
    assert number.value.code == "no_such_table"


def test_too_little_memory_and_too_little_time_are_refusals() -> None:
    big = ("machine,start\n" + "M1,2026-01-05 08:00\n" * 400_000).encode()
    with pytest.raises(FileRefused) as caught:
        read_limited(big, "big.csv", limits=Limits(memory_bytes=2**28))
    assert caught.value.code in {"bomb", "damaged"}
    with pytest.raises(FileRefused) as slow:
        read_limited(big, "big.csv", limits=Limits(wall_s=0.05))
    assert slow.value.code == "bomb"
    with pytest.raises(FileRefused) as wide:
        take_limited(big, "big.csv", table=0, mapping={"machine": "station"}, limits=Limits(output_bytes=1000))
    assert wide.value.code == "bomb"


def test_the_guard_stops_what_a_reader_never_does(tmp_path: object) -> None:
    for event in ("socket.connect", "subprocess.Popen", "os.system"):
        with pytest.raises(PermissionError):
            worker.guard(event, ())
    with pytest.raises(PermissionError):
        worker.guard("open", (f"{tmp_path}/x", "w", 0))
    worker.guard("open", ("/x", "r", 0))


def test_the_worker_shuts_itself_in() -> None:
    code = (
        "import os, socket\nfrom templates.worker import shut_in\nshut_in(3 * 2**30, 20)\n"
        "def what(try_it):\n    try:\n        try_it()\n    except PermissionError:\n        return 'no'\n    return 'yes'\n"
        "print(what(lambda: socket.create_connection(('127.0.0.1', 9), timeout=1)), what(lambda: open('x', 'w')),"
        " what(lambda: os.system('true')), what(os.fork))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["no", "no", "no", "no"]


def test_no_setting_of_ours_reaches_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    class Fake:
        returncode = 0

        def __init__(self, *_: object, **kept: object) -> None:
            seen.update(kept)

        def communicate(self, *_: object, **__: object) -> tuple[bytes, None]:
            return b"", None

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setenv("MINGSUAN_KEYS", "secret")
    monkeypatch.setattr(limited.subprocess, "Popen", Fake)
    with pytest.raises(FileRefused):
        read_limited(b"a", "a.csv")
    environment = seen["env"]
    assert isinstance(environment, dict)
    assert not [name for name in environment if name.startswith("MINGSUAN") or (name in os.environ and name == "HOME")]


def test_an_answer_that_is_no_answer_is_a_damaged_file() -> None:
    for output in (b"", b"\x00" * 8, b"\x00" * 7 + b"\x05hello", b"\xff" * 40):
        with pytest.raises(FileRefused) as caught:
            limited._unpack(output, "a.csv")
        assert caught.value.code == "damaged"
