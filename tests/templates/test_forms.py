"""Each sample file is understood as what it is a sample of, without a word from anybody."""

from __future__ import annotations

import pytest

from templates.catalogue import kinds
from templates.files import open_tables
from templates.forms import LANGUAGES, form, forms
from templates.mapping import understand


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(forms()))
def test_a_sample_file_is_read_as_its_kind(kind: str, language: str) -> None:
    (table,) = understand(open_tables(form(kind, language), "sample.csv"), timezone="Asia/Shanghai").tables
    assert table.kind == kind
    assert not [one for one in table.findings if one.severity == "error"]
    assert {column.field for column in table.columns} >= set(kinds()[kind].needed)
    assert not table.dropped


def test_every_kind_that_is_typed_has_a_sample() -> None:
    assert set(forms()) == kinds().keys() - {"layout"}
