"""The command ``mingsuan``: the same functions as the portal, without a browser.

Results go to standard output, progress and messages to standard error. Exit status: 0 done; 2 the input or the call is
wrong; 3 refused by policy or permission; 4 a check was made and failed; 1 a fault of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from portal.commands import outcome, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given_arguments = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in given_arguments if not word.startswith("-")), "")
    given = parser.build(command).parse_args(given_arguments)
    return outcome.report(given)


if __name__ == "__main__":
    sys.exit(main())
