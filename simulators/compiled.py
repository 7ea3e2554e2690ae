"""How functions are compiled: ahead of the first call, cached on disk, without the interpreter lock.

Where the cache lies is the caller's business (NUMBA_CACHE_DIR; beside the source where that is not set).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


#: Arrays are borrowed from the caller, not counted: a function compiled like this cannot make arrays. Counting
#: references to a dozen tables at every call took twenty times as long as the simulation itself.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}


def compiled(signature: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for one signature."""
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", numba.njit(signature, cache=True, **_OPTIONS))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into every compiled one that calls it: handing over a dozen tables costs more than it does."""
    return cast("Callable[P, R]", numba.njit(function, forceinline=True, **_OPTIONS))


def called(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that compiled ones call, but seldom."""
    return cast("Callable[P, R]", numba.njit(function, **_OPTIONS))
