"""What goes wrong with a pack."""

from __future__ import annotations


class PackError(ValueError):
    """A pack cannot be read, trusted or moved to the asked state: `place` says where, `remedy` what to do."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params

    def __str__(self) -> str:
        return str(self.args[0])
