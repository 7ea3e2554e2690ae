"""Intake: what understanding a file costs over reading it. Results are compared before speed is.

The worker's start is not counted. Files are invented here, so that no rows of a plant stand in the repository.
"""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np
import pdfplumber
import pyarrow as pa
import pyarrow.csv as pa_csv
import python_calamine as calamine
import typst
import xlsxwriter

from privacy.columns import seal_columns
from privacy.vault import Place, new_data_key, seal
from templates.cells import shown
from templates.files import open_tables
from templates.mapping import understand
from tests.benchmarks.row import Row

STOPS = 1_000_000
SHEET_ROWS = 100_000
ROUNDS = 5
PLACE = Place(tenant="acme", workspace="plant", kind="dataset", id="1")


def rows() -> Iterable[Row]:
    """The rows of this module, one after the other."""
    yield stop_log()
    yield workbook()
    yield pdf_tables()
    yield memory()


def stop_log() -> Row:
    """A million stops, from the bytes of a CSV to a sealed dataset; the peer reads with Arrow and seals the bytes."""
    data, downtime = example_stops(STOPS)
    key = new_data_key()

    def ours() -> float:
        (table,) = understand(open_tables(data, "stops.csv")).tables
        seal_columns(key, table.apply(), place=PLACE)
        total = table.facts["total_downtime_s"]
        assert isinstance(total, float)
        return total

    def peer() -> int:
        table = pa_csv.read_csv(pa.BufferReader(data))
        seal(key, data, place=PLACE)
        return len(table)

    assert abs(ours() - downtime) < 1
    assert peer() == STOPS
    mine, theirs = best(ours), best(peer)
    return Row(
        work=f"stop log of {STOPS:,} rows, CSV to sealed dataset, against Arrow's read and sealing the bytes",
        ours=mine, peer=theirs, ratio=mine / theirs, must="<= 4.0", unit="s",
    )  # fmt: skip


def workbook() -> Row:
    """100,000 rows of a workbook as tables, against calamine's plain read of the same sheet."""
    data, downtime = example_workbook(SHEET_ROWS)

    def ours() -> int:
        (table,) = open_tables(data, "stops.xlsx").tables
        return len(table)

    def peer() -> int:
        return len(calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python())

    (read,) = understand(open_tables(data, "stops.xlsx")).tables
    assert abs(float(str(read.facts["total_downtime_s"])) - downtime) < 1
    assert ours() == peer() - 1 == SHEET_ROWS
    mine, theirs = best(ours), best(peer)
    return Row(
        work=f"workbook of {SHEET_ROWS:,} rows read as tables, against calamine's plain read",
        ours=mine, peer=theirs, ratio=mine / theirs, must="<= 2.0", unit="s",
    )  # fmt: skip


def pdf_tables() -> Row:
    """Tables of a PDF of ten pages, against pdfplumber's plain extraction."""
    data = example_pdf()

    def ours() -> list[list[str]]:
        (table,) = open_tables(data, "machines.pdf").tables
        return [[shown(cell) for cell in row] for row in zip(*table.columns, strict=True)]

    def peer() -> list[list[str]]:
        found: list[list[str]] = []
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            for page in pdf.pages:
                for table in page.extract_tables():
                    found.extend([cell or "" for cell in row] for row in table)
        return [row for row in found if row[0] != "Machine"]

    assert ours() == peer()
    mine, theirs = best(ours), best(peer)
    return Row(
        work="tables of a PDF of ten pages, against pdfplumber's plain extraction",
        ours=mine, peer=theirs, ratio=mine / theirs, must="<= 1.2", unit="s",
    )  # fmt: skip


def memory() -> Row:
    """What the same million stops take at their peak beyond the file's bytes, against pandas' frame of the file.

    Each is measured in a process of its own, after a first small file has loaded what either needs.
    """
    mine, theirs = (float(subprocess.check_output([sys.executable, "-c", MEASURE, who])) for who in ("ours", "peer"))
    return Row(
        work=f"peak memory of reading and sealing {STOPS:,} rows, against the plain table (pandas' frame)",
        ours=mine, peer=theirs, ratio=mine / theirs, must="<= 3.0", unit="MB",
    )  # fmt: skip


MEASURE = """
import sys
import pandas as pd
from io import BytesIO
from pathlib import Path
from tests.benchmarks.intake import PLACE, STOPS, example_stops, new_data_key, open_tables, seal_columns, understand

def take(data):
    (table,) = understand(open_tables(data, "stops.csv")).tables
    seal_columns(new_data_key(), table.apply(), place=PLACE, put=lambda name, blob: None)

def status(name):
    return int(Path("/proc/self/status").read_text().split(name + ":")[1].split()[0]) / 1024

data, _ = example_stops(STOPS)
take(example_stops(2_000)[0])
if sys.argv[1] == "peer":
    print(pd.read_csv(BytesIO(data)).memory_usage(deep=True).sum() / 2**20)
else:
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = status("VmRSS")
    take(data)
    print(status("VmHWM") - before)
"""


def example_stops(count: int) -> tuple[bytes, float]:
    """A stop log as CSV, and its downtime in seconds."""
    rng = np.random.default_rng(20261125)
    start = 1_735_689_600 + np.sort(rng.integers(0, 365 * 86_400, count))
    length = rng.integers(30, 3_600, count)
    begin = np.char.replace(np.datetime_as_string(start.astype("datetime64[s]"), unit="s"), "T", " ")
    end = np.char.replace(np.datetime_as_string((start + length).astype("datetime64[s]"), unit="s"), "T", " ")
    machine, cause = rng.integers(1, 9, count), rng.integers(1, 20, count)
    lines = [f"M{m},{a},{b},C{c}" for m, a, b, c in zip(machine, begin, end, cause, strict=True)]
    return "\n".join(["Machine,Start,End,Reason", *lines]).encode(), float(length.sum())


def example_workbook(count: int) -> tuple[bytes, float]:
    """The same as a workbook with real dates."""
    rng = np.random.default_rng(20261126)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet("Stops")
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, ["Machine", "Start", "End", "Reason"])
    start = 46_000 + np.sort(rng.integers(0, 180 * 86_400, count)) / 86_400
    length = rng.integers(30, 3_600, count)
    for k in range(count):
        sheet.write_string(k + 1, 0, f"M{k % 8}")
        sheet.write_number(k + 1, 1, float(start[k]), when)
        sheet.write_number(k + 1, 2, float(start[k] + length[k] / 86_400), when)
        sheet.write_string(k + 1, 3, f"cause {k % 19}")
    book.close()
    return out.getvalue(), float(length.sum())


def example_pdf() -> bytes:
    """Ten pages of one ruled table with its header on every page."""
    cells = ", ".join(f"[M{k}], [{10 + k % 50}], [{k % 7}]" for k in range(360))
    source = (
        "#set page(width: 210mm, height: 297mm, margin: 20mm)\n#set text(size: 10pt)\n"
        f"#table(columns: (1fr, 1fr, 1fr), table.header([Machine], [Ideal cycle], [Buffer]), {cells})\n"
    )
    made = typst.compile(source.encode())
    assert isinstance(made, bytes)
    return made


def best(work: Callable[[], object]) -> float:
    """The best of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
