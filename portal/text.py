"""Every word that a person reads, by key and language: the YAML files under `locale/`.

A key is `area.name`, where `area` is the name of the file: `shell.sign_out` stands in `locale/en/shell.yaml` under
`sign_out`. Both languages hold the same keys. Texts of errors stand in `errors_<folder>.yaml` by the error's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from templates import documents

LANGUAGES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}
DEFAULT_LANGUAGE = "zh-CN"
FOLDER = Path(__file__).with_name("locale")
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def language() -> str:
    """The language of the current page or request."""
    return _language.get()


def set_language(tag: str) -> None:
    """Set the language of what runs in this context (a Streamlit script run, an HTTP request)."""
    _language.set(best_language(tag))


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Use another language for a while, such as in a mail to somebody else."""
    token = _language.set(best_language(tag))
    try:
        yield
    finally:
        _language.reset(token)


def best_language(wanted: str | None) -> str:
    """The language we have that fits a tag or an Accept-Language header best.

    >>> best_language("de, en-GB;q=0.8, zh;q=0.5"), best_language("zh-TW"), best_language(None)
    ('en', 'zh-CN', 'zh-CN')
    """
    choices = []
    for place, part in enumerate((wanted or "").split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        choices.append((-quality, place, tag.lower()))
    for _, _, tag in sorted(choices):
        for known in LANGUAGES:
            if tag == known.lower() or (tag and tag.split("-")[0] == known.split("-")[0]):
                return known
    return DEFAULT_LANGUAGE


@cache
def catalogue(tag: str) -> Mapping[str, Any]:
    """All texts of one language: `area.name` to text; nested mappings are joined with further dots."""
    texts: dict[str, Any] = {}
    for path in sorted((FOLDER / tag.replace("-", "_")).glob("*.yaml")):
        _flatten(path.stem, documents.load(path.read_text(encoding="utf-8"), name=path.name).plain(), texts)
    return texts


def _flatten(prefix: str, value: Any, into: dict[str, Any]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}", inner, into)
    elif value is not None:
        into[prefix] = str(value)


def t(key: str, **params: object) -> str:
    """The text of `key` in the current language; a key without a text is shown as itself, so that it is seen."""
    text = catalogue(language()).get(key)
    if text is None:
        return key
    return _Lenient().vformat(text, (), params) if params or "{" in text else str(text)


def has_text(key: str) -> bool:
    return key in catalogue(language())


def names_under(prefix: str) -> list[str]:
    """Return the names that have texts right under a key, in their order."""
    inner = (key.removeprefix(f"{prefix}.") for key in catalogue(language()) if key.startswith(f"{prefix}."))
    return list(dict.fromkeys(name.partition(".")[0] for name in inner))


def pick(texts: Mapping[str, str]) -> str:
    """The current language of a text that carries both: {"zh-CN": ..., "en": ...}."""
    return texts.get(language()) or texts.get(DEFAULT_LANGUAGE) or next(iter(texts.values()), "")


def error_text(error: BaseException) -> tuple[str, str]:
    """Message and remedy of an error of any of our folders, in the current language.

    The folder is the first part of the module of the error's class. An error that is not ours, or whose code has no
    text, gives a general sentence (its own words could hold values that are nobody's business).
    """
    code = getattr(error, "code", None)
    if not isinstance(code, str) or not isinstance(error, (ValueError, KeyError)):  # others' errors carry codes too
        return t("errors_portal.fault.message"), t("errors_portal.fault.remedy")
    params = {"place": getattr(error, "place", ""), **getattr(error, "params", {})}
    folders = [cls.__module__.split(".")[0] for cls in type(error).__mro__]
    for folder in folders:
        key = f"errors_{folder}.{code}"
        if has_text(f"{key}.message"):
            remedy = t(f"{key}.remedy", **params) if has_text(f"{key}.remedy") else ""
            return t(f"{key}.message", **params), remedy
    cause = error.__cause__
    if cause is not None and isinstance(getattr(cause, "code", None), str):  # a document's error that an engine found
        return error_text(cause)
    return str(error), str(getattr(error, "remedy", ""))


class _Lenient(Formatter):
    """Fill in what is given; leave a placeholder standing when its value is missing."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        del args  # texts name what they want
        return kwargs.get(str(key), "{" + str(key) + "}")

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        # no attribute or index access: a text can never reach into an object
        return self.get_value(field_name, args, kwargs), field_name
