"""`./run bench [NAME ...]`: every row of the benchmark table, ours beside the peer's, and whether it is as it must be."""

from __future__ import annotations

import argparse
import operator
import sys
from importlib import import_module
from pathlib import Path

from tests.benchmarks.row import Row

OPERATORS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def main() -> int:
    """Run the modules one after the other; 4 where a ratio is not as it must be."""
    known = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in {"__main__", "row"})
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*known, []], metavar="NAME", help=", ".join(known))
    print(f"{'work':<78} {'ours':>10} {'peer':>10} {'ratio':>8}  must", flush=True)
    kept = True
    for name in parser.parse_args().names or known:
        for row in import_module(f"tests.benchmarks.{name}").rows():
            kept &= as_it_must(row)
            print(line(row), flush=True)
    return 0 if kept else 4


def as_it_must(row: Row) -> bool:
    """Is the ratio as the row's condition says? A row without a condition only informs."""
    sign, _, bound = row.must.partition(" ")
    return not bound or OPERATORS[sign](row.ratio, float(bound))


def line(row: Row) -> str:
    mark = "" if as_it_must(row) else "   MISSED"
    work = f"{row.work} [{row.unit}]"
    return f"{work:<78} {row.ours:>10.4g} {row.peer:>10.4g} {row.ratio:>8.3g}  {row.must}{mark}"


if __name__ == "__main__":
    sys.exit(main())
