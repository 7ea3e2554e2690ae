"""The world as one pointer: how compiled functions are handed three dozen tables.

An array is seven words to a compiled function, so that a tuple of all tables made calls of some 250 arguments: slow to
run and slower to compile. Here a world is the address of a list of (address, rows, columns), one for each field of
``World``, and ``w.places`` makes the array from it, which costs nothing. Whoever calls keeps the tables alive.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from simulators.twin_network_tables import TABLE_TYPES, World

# What numba offers those who extend it has no types.
_ir: Any = import_module("llvmlite.ir")
_types: Any = import_module("numba.core.types")
_extending: Any = import_module("numba.extending")
_arrays: Any = import_module("numba.np.arrayobj")
_attributes: Any = import_module("numba.core.typing.templates")
_lowering: Any = import_module("numba.core.imputils")

_FIELDS = tuple(World._fields)
_word = _ir.IntType(64)


class WorldType(_types.Type):  # type: ignore[misc]
    """What a world is to the compiler."""

    def __init__(self) -> None:
        super().__init__(name="simulators.World")


_world = WorldType()
_extending.register_model(WorldType)(_extending.models.OpaqueModel)


class _Attributes(_attributes.AttributeTemplate):  # type: ignore[misc]
    key = WorldType

    def generic_resolve(self, _: Any, name: str) -> Any:
        return TABLE_TYPES.get(name)


def _table(context: Any, builder: Any, _: Any, value: Any, name: str) -> Any:
    """The array of one field, from its address, rows and columns."""
    words = builder.bitcast(value, _word.as_pointer())
    at = 3 * _FIELDS.index(name)
    address, rows, columns = (builder.load(builder.gep(words, [_word(at + turn)])) for turn in range(3))
    of = TABLE_TYPES[name]
    array = _arrays.make_array(of)(context, builder)
    size = _word(context.get_abi_sizeof(context.get_data_type(of.dtype)))
    flat = of.ndim == 1
    _arrays.populate_array(
        array,
        data=builder.inttoptr(address, array.data.type),
        shape=[rows] if flat else [rows, columns],
        strides=[size] if flat else [builder.mul(columns, size), size],
        itemsize=size,
        meminfo=None,
    )
    return array._getvalue()


_attributes.infer_getattr(_Attributes)
_lowering.lower_getattr_generic(WorldType)(_table)


def _world_at(_: Any, words: Any) -> Any:
    """The world whose tables an array of words lists."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = _arrays.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.bitcast(array.data, context.get_value_type(_world))

    return _world(words), code


world_at: Any = _extending.intrinsic(_world_at)


def words_of(world: World) -> Any:
    """Address, rows and columns of every table; valid while the tables live."""
    found = [(table.ctypes.data, table.shape[0], table.shape[1] if table.ndim == 2 else 1) for table in world]
    return np.array(found, dtype=np.int64).ravel()
