"""What is wrong with a file, in words that say what to do; `row` is the number a spreadsheet shows.

The English sentences stand here, the pages take those of `portal/locale` by code; a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from simulators.records import Finding, Severity
from templates.cells import shown
from templates.tables import Cell, Note

__all__ = ["SENTENCES", "Finding", "finding", "from_notes", "of_rows"]

MOST_ROWS = 20
"""Row-level findings listed for one code and column; one more says how many there are."""

SENTENCES: dict[str, tuple[Severity, str, str]] = {
    # the file
    "ending_differs": (
        "warning",
        "The name ends in .{ending}, but the file is of another kind ({found}); it was read as what it is.",
        "Nothing to do if the content is right.",
    ),
    "external_links": (
        "warning",
        "The workbook points to other files; they were not followed and their last values were read.",
        "Paste the values into the sheet if they are out of date.",
    ),
    "hidden_sheet": ("note", "Sheet {sheet} is hidden and was read too.", "Choose it or leave it out."),
    "lines_broken": ("error", "{count} lines are not JSON, the first is line {row}.", "Correct them and upload again."),
    "quote_unbalanced": (
        "warning",
        "A quotation mark is opened and never closed; quotation marks were taken as plain signs.",
        "Look at the last rows, or export again.",
    ),
    "drawing_recovered": (
        "warning",
        "The drawing is damaged and was recovered; parts of it may be missing.",
        "Save it again in a CAD program as DXF R2013.",
    ),
    "drawing_without_unit": (
        "warning",
        "The drawing does not say its unit of length.",
        "Say whether one unit is a millimetre, a metre or an inch.",
    ),
    "scanned_pages": (
        "warning",
        "Pages without text (scans): {pages}. Nothing was read from them.",
        "Type those values in, or upload the original document.",
    ),
    "no_tables": (
        "warning",
        "There is text but no table in it.",
        "Upload the table as XLSX or CSV, or type the values in.",
    ),
    "tables_by_position": (
        "note",
        "The tables on page {pages} have no ruled lines; they were put together from where the words stand.",
        "Compare a few cells with the page.",
    ),
    # the table
    "header_missing": (
        "warning",
        "There is no header above row {row}; the columns are named by their letters.",
        "Say what the columns are, or put a header above them.",
    ),
    "header_shorter": (
        "warning",
        "The header has {headers} names for {width} columns; column {columns} has none.",
        "Check that no name is missing in the middle: then all names behind it stand over the wrong column.",
    ),
    "header_repeated": (
        "note",
        "The header is repeated {count} times inside the table; those rows are not data.",
        "Nothing to do.",
    ),
    "totals_left_out": (
        "note",
        "{count} rows of totals or means are not counted as data (row {rows}).",
        "Nothing to do, unless a machine is really called so.",
    ),
    "rows_short": (
        "warning",
        "{count} rows have fewer cells than the header ({width}), the first is row {row}.",
        "Check that nothing has shifted to the left there.",
    ),
    "filled_down": (
        "note",
        "Column {columns} names a group only in its first row; the name was put into each row below it.",
        "Correct the file if empty cells mean something else.",
    ),
    "unpivoted": (
        "note",
        "The columns {first} to {last} are dates or products; each of their cells became a row of its own.",
        "Nothing to do.",
    ),
    "turned": (
        "note",
        "The parameters stand in the first column; the table was turned so that each of its {count} machines is a row.",
        "Nothing to do.",
    ),
    "sheets_joined": (
        "note",
        "{count} sheets with the same header were read as one table: {sheets}. Row numbers are those of each sheet.",
        "Read a single sheet if they do not belong together.",
    ),
    "station_from_sheets": (
        "note",
        "No column names the machine; the names of the sheets were taken: {sheets}.",
        "Drop that column if the sheets are no machines or lines.",
    ),
    "kind_unknown": (
        "warning",
        "The headers of table {table} do not say what it holds: {headers}.",
        "Say what kind of table it is, or name its columns such as machine, start, end, reason.",
    ),
    "field_missing": (
        "error",
        "Table {table} has no column for {fields}.",
        "Say which column holds it, or add it to the file.",
    ),
    "columns_dropped": (
        "note",
        "{count} columns are not needed and will not be stored: {columns}.",
        "Nothing to do; give a column a field if it is needed.",
    ),
    "column_personal": (
        "warning",
        "Column {column} holds personal data; it is dropped and not stored.",
        "Nothing to do.",
    ),
    # the columns
    "date_order_unclear": (
        "error",
        "Column {column}: {example} can be read with the day or with the month first; no date was guessed.",
        "Say which comes first.",
    ),
    "date_order_mixed": (
        "error",
        "Column {column}: some dates have the day first, others the month ({example}).",
        "Write all dates as 2026-03-31.",
    ),
    "date_order_day": ("note", "Column {column}: the day comes first, as {example} shows.", "Nothing to do."),
    "date_order_month": ("note", "Column {column}: the month comes first, as {example} shows.", "Nothing to do."),
    "year_missing": (
        "error",
        "Column {column} names days without a year, and neither the title nor the file's name says which.",
        "Add the year to the dates, or to the name of the file.",
    ),
    "clock_without_day": (
        "error",
        "Column {column} holds clock times without a day, and there is no column with the date.",
        "Add the date of each row.",
    ),
    "day_without_clock": (
        "warning",
        "Column {column} holds days without a time; each row is placed at the beginning of its day.",
        "Add the time if you have it: time between failures needs it.",
    ),
    "clock_repeated": (
        "warning",
        "{count} times fall into the hour that a clock change repeats; its first pass was taken.",
        "Add the offset (+01:00) to these times.",
    ),
    "clock_missing": (
        "warning",
        "{count} times fall into the hour that a clock change leaves out; the moment of the change was taken.",
        "Check the time zone of the plant.",
    ),
    "unit_missing": (
        "warning",
        "Column {column} has no unit; it was taken as {unit}.",
        "Confirm the unit, or write it into the header.",
    ),
    "unit_found": (
        "note",
        "Column {column} has no unit; it agrees with the times when read as {unit}.",
        "Nothing to do.",
    ),
    "decimal_unclear": (
        "warning",
        "Column {column}: {example} may be thousands or three decimals; it was taken as thousands.",
        "Say which it is, or export without thousands separators.",
    ),
    "names_alike": (
        "note",
        "{name} is also written {others}; they are taken as one machine.",
        "Confirm, or keep them apart.",
    ),
    "names_maybe_alike": (
        "warning",
        "{others} looks like a slip of {name}; they are kept apart.",
        "Say whether they are the same machine.",
    ),
    "too_many_blanks": (
        "error",
        "Column {column}: {share} of the cells are empty; above 20 % no verdict rests on it.",
        "Fill the cells, or leave the column out.",
    ),
    "too_many_duplicates": (
        "error",
        "{count} rows ({share}) are exact copies of others; above 10 % no verdict rests on them.",
        "Export again without copies, or confirm that they are real.",
    ),
    "duplicates": ("warning", "{count} rows are exact copies of others.", "Keep or drop them knowingly."),
    "rows_continue": (
        "note",
        "{count} rows begin within a minute of the end of the row before, same machine and cause (cut at midnight?).",
        "Nothing to do; counting rows would overstate the number of events.",
    ),
    # the rows
    "cell_missing": ("error", "Row {row}: {column} is empty.", "Fill the cell, or delete the row."),
    "time_unreadable": (
        "error",
        "Row {row}, {column}: {value} is not a date and time.",
        "Write it as 2026-03-31 14:05:00.",
    ),
    "duration_unreadable": (
        "error",
        "Row {row}, {column}: {value} is not a length of time.",
        "Write it as 1:30 (hours:minutes) or 90 min.",
    ),
    "number_unreadable": ("error", "Row {row}, {column}: {value} is not a number.", "Write digits only."),
    "truth_unreadable": ("warning", "Row {row}, {column}: {value} is neither yes nor no.", "Write yes or no."),
    "work_type_other": (
        "note",
        "Row {row}, {column}: {value} is neither preventive nor corrective work; it is counted as neither.",
        "Say which it is if it should count.",
    ),
    "negative": ("error", "Row {row}, {column}: {value} is below 0.", "Correct the cell."),
    "duration_differs": (
        "warning",
        "Row {row}: {column} is not the time from start to end; the times were taken.",
        "Correct one of the three.",
    ),
    "rows_more": ("note", "{count} rows in all have this finding ({of}); the first are listed.", "Correct the source."),
}
"""Severity, message and remedy by code."""


def finding(code: str, *, row: int | None = None, column: str = "", **params: object) -> Finding:
    """The finding with its sentence filled in."""
    severity, message, remedy = SENTENCES[code]
    values = {"row": row or 0, "column": column, **params}
    return Finding(
        severity=severity,
        code=code,
        row=row or 0,
        column=column,
        message=message.format(**values),
        remedy=remedy,
        params={key: value for key, value in values.items() if "{" + key + "}" in message},
    )


def from_notes(notes: Iterable[Note]) -> list[Finding]:
    """What a reader noted, as findings."""
    return [finding(note.code, row=note.row, column=note.column, **dict(note.params)) for note in notes]


def of_rows(
    code: str, bad: np.ndarray, rows: np.ndarray, *, column: str, cells: Sequence[Cell] | None = None
) -> list[Finding]:
    """One finding for each bad row, up to `MOST_ROWS`, and one more that says how many there are in all.

    `cells[k]` is what stands in row k, if the sentence quotes it.
    """
    places = np.flatnonzero(bad)
    found = []
    for place in places[:MOST_ROWS]:
        value = "" if cells is None else shown(cells[int(place)])[:40]
        found.append(finding(code, row=int(rows[place]), column=column, value=value))
    if len(places) > MOST_ROWS:
        found.append(finding("rows_more", column=column, count=len(places), of=code))
    return found
