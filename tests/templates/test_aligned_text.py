"""Tables without ruled lines: found by where the words stand; running text is none."""

from __future__ import annotations

from templates.aligned_text import aligned_tables


def words_at(*rows: tuple[float, list[tuple[float, str]]]) -> list[dict[str, object]]:
    return [
        {
            "text": word,
            "x0": x + 5.2 * offset,
            "x1": x + 5.2 * (offset + len(word)) - 0.4,
            "top": top,
            "bottom": top + 9,
        }
        for top, cells in rows
        for x, text in cells
        for word, offset in _placed(text)
    ]


def _placed(text: str) -> list[tuple[str, int]]:
    out, at = [], 0
    for word in text.split(" "):
        out.append((word, at))
        at += len(word) + 1
    return out


def test_words_in_columns_are_a_table() -> None:
    names = ["Press one", "Weld", "Paint shop", "Assembly", "Pack"]
    rows = [(100.0, [(50, "Machine"), (200, "Cycle"), (280, "Buffer")])]
    rows += [(114.0 + 14 * k, [(50, name), (200, f"{40 + k}.5"), (280, str(10 * k))]) for k, name in enumerate(names)]
    rows = [
        (60.0, [(50, "A title over the table that is long enough to be one cell of more than sixty letters")]),
        *rows,
    ]
    (table,) = aligned_tables(words_at(*rows))
    assert table.rows[0] == ("Machine", "Cycle", "Buffer")
    assert table.rows[1] == ("Press one", "40.5", "0")
    assert len(table.rows) == 6


def test_running_text_is_no_table() -> None:
    line = "the filler stops when the buffer behind it is full and waits for the"
    rows = [(100.0 + 12 * k, [(50, line)]) for k in range(20)]
    assert aligned_tables(words_at(*rows)) == []
    two = [(100.0 + 12 * k, [(50, line[:40]), (320, line[20:60])]) for k in range(20)]
    assert aligned_tables(words_at(*two)) == []


def test_an_empty_cell_stays_empty() -> None:
    rows = [(100.0 + 14 * k, [(50, f"row {k}"), *([(200, "1.5")] if k != 2 else []), (280, str(k))]) for k in range(6)]
    (table,) = aligned_tables(words_at(*rows))
    assert table.rows[2] == ("row 2", None, "2")
