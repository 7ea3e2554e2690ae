"""The Merkle tree of RFC 6962 (section 2.1): hashes, proofs, and a frontier that grows by one entry in O(log n)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    raise RuntimeError("being written")


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and two child hashes."""
    raise RuntimeError("being written")


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the roots of its perfect subtrees, largest first. All that an append needs."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash."""
        raise RuntimeError("being written")

    @property
    def root(self) -> bytes:
        raise RuntimeError("being written")

    def to_bytes(self) -> bytes:
        """For the database: 8 bytes of size, then the nodes."""
        raise RuntimeError("being written")

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        raise RuntimeError("being written")


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    raise RuntimeError("being written")


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of all `leaves` (leaf hashes)."""
    raise RuntimeError("being written")


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """The proof that the tree of the first `size` leaves is a prefix of the tree of all."""
    raise RuntimeError("being written")


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Does the audit path lead from the leaf hash to the root?"""
    raise RuntimeError("being written")


def verify_consistency(*, size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    """Is the first tree a prefix of the second? Refuses `size1` of 0."""
    raise RuntimeError("being written")
