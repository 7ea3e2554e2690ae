"""A copy of a shipped pack that a test may spoil, and a key to sign it with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from industry_packs import signing

SHIPPED = Path(signing.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "pack"
    shutil.copytree(SHIPPED / "discrete_manufacturing", target)
    return target


@pytest.fixture(scope="session")
def key() -> tuple[bytes, dict[str, signing.TrustedKey]]:
    pem, public = signing.new_key()
    return pem, {public.id: public}
