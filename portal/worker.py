"""A worker process of its own (`python -m portal.worker`): takes queued runs until its launcher goes away.

The launcher's end of our standard input says that it lives; through it come the secrets of tenants that hold their own
key (`portal.secrets_held`), one line for each change.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from queue import Queue

from portal import runner
from portal.wiring import read_settings


def main() -> None:
    """Work until asked to stop, or until the launcher's end of our standard input is closed."""
    os.nice(5)  # a page comes before a study
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the launcher tells us

    lines: Queue[bytes] = Queue()

    def watch() -> None:
        rest = b""
        while told := os.read(sys.stdin.fileno(), 4096):  # unbuffered: a buffered read would hold a lock when we end
            *whole, rest = (rest + told).split(b"\n")
            for line in whole:
                lines.put(line)
        stopping.set()

    threading.Thread(target=watch, name="launcher-watch", daemon=True).start()
    runner.main(read_settings().environment(), stopping, lines)


if __name__ == "__main__":
    main()
