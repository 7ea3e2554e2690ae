"""How functions are compiled: once per machine, cached on disk, without the interpreter lock.

Where the cache lies is the caller's business (NUMBA_CACHE_DIR; beside the source where that is not set). Within it, a
folder for every state of the kernels' sources: numba looks at the file of a function only, not at what it calls.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

_HERE = Path(__file__).parent
_CONFIG: Any = numba.config  # its names are made as it is imported


def _cache_folder() -> str:
    sources = sorted(_HERE.glob("twin_*.py"))
    sources += [_HERE / name for name in ("streams.py", "figures.py", "states.py", "compiled.py")]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    base = _CONFIG.CACHE_DIR or (str(_HERE / "__pycache__") if os.access(_HERE, os.W_OK) else "")
    return str(Path(base) / f"kernels-{state}") if base else ""


_CONFIG.CACHE_DIR = _cache_folder()

P = ParamSpec("P")
R = TypeVar("R")


#: Arrays are borrowed from the caller, not counted: a function compiled like this cannot make arrays. Counting
#: references to a dozen tables at every call took twenty times as long as the simulation itself.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}

#: Functions that only compiled ones call need no way in from Python, which takes half of the time to compile them.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(signature: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for one signature; where nothing may be written, anew in every process."""

    def compile_now(function: Callable[P, R]) -> Callable[P, R]:
        try:
            return cast("Callable[P, R]", numba.njit(signature, cache=True, **_OPTIONS)(function))
        except (RuntimeError, OSError):
            return cast("Callable[P, R]", numba.njit(signature, **_OPTIONS)(function))

    return compile_now


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into every compiled one that calls it: handing over a dozen tables costs more than it does."""
    return cast("Callable[P, R]", numba.njit(function, forceinline=True, **_INNER, **_OPTIONS))


def called(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that compiled ones call, but seldom."""
    return cast("Callable[P, R]", numba.njit(function, **_INNER, **_OPTIONS))
