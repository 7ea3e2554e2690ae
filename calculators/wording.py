"""A formula as a person reads it, in both languages of the product."""

from __future__ import annotations

from collections.abc import Mapping

from calculators.declarations import Text
from calculators.functions import FUNCTIONS
from calculators.syntax import Call, Choice, Condition, Name, Node, Number, Operation

LANGUAGES = ("zh-CN", "en")

_constants: Mapping[str, Text] = {
    "t": {"zh-CN": "期数", "en": "number of the period"},
    "period": {"zh-CN": "一期", "en": "one period"},
    "one_hour": {"zh-CN": "1小时", "en": "1 hour"},
    "one_day": {"zh-CN": "1天", "en": "1 day"},
    "one_month": {"zh-CN": "1个月", "en": "1 month"},
    "one_year": {"zh-CN": "1年", "en": "1 year"},
    "pi": {"zh-CN": "π", "en": "π"},
}
_signs = {
    "+": " + ", "-": " − ", "*": " × ", "/": " ÷ ", "**": " ^ ",
    "<=": " ≤ ", ">=": " ≥ ", "!=": " ≠ ", "==": " = ",
}  # fmt: skip
_strength = {"+": 4, "-": 4, "*": 5, "/": 5, "neg": 6, "**": 7}


def formula_text(tree: Node, titles: Mapping[str, Text]) -> Text:
    """The formula in words, with the titles of what it uses.

    >>> from calculators.syntax import parse
    >>> formula_text(parse("f", "max(a, 0) * -b"), {"a": {"en": "gain"}, "b": {"en": "price"}})["en"]
    'the larger(gain, 0) × −price'
    """
    return {language: _words(tree, titles, language, 0) for language in LANGUAGES}


def _title(name: str, titles: Mapping[str, Text], language: str) -> str:
    title = titles.get(name) or _constants.get(name, {})
    return title.get(language) or name


def _words(node: Node, titles: Mapping[str, Text], language: str, outer: int) -> str:
    comma, open_, close = ("，", "（", "）") if language == "zh-CN" else (", ", "(", ")")
    match node:
        case Number(value=value):
            return f"{value:.12g}"
        case Name(name=name):
            return _title(name, titles, language)
        case Operation(sign="neg", parts=(inner,)):
            text, strength = f"−{_words(inner, titles, language, 6)}", 6
        case Operation(sign=sign, parts=(left, right)):
            strength = _strength[sign]
            text = (
                _words(left, titles, language, strength)
                + _signs[sign]
                + _words(right, titles, language, strength + (sign in "-/"))
            )
        case Condition(sign="not", parts=(inner,)):
            word = "非" if language == "zh-CN" else "not "
            text, strength = word + _words(inner, titles, language, 3), 2
        case Condition(sign="and" | "or" as sign, parts=parts):
            word = {"and": "且", "or": "或"}[sign] if language == "zh-CN" else f" {sign} "
            text, strength = word.join(_words(part, titles, language, 2) for part in parts), 1
        case Condition(sign=sign, parts=(left, right)):
            text = (
                _words(left, titles, language, 4) + _signs.get(sign, f" {sign} ") + _words(right, titles, language, 4)
            )
            strength = 3
        case Choice(condition=condition, yes=yes, no=no):
            test, one, other = (_words(part, titles, language, 1) for part in (condition, yes, no))
            text = f"若{test}则{one}，否则{other}" if language == "zh-CN" else f"{one} if {test}, otherwise {other}"
            strength = 0
        case Call(function=function, arguments=arguments):
            word = FUNCTIONS[function].meaning[language] if function in FUNCTIONS else function
            return word + open_ + comma.join(_words(part, titles, language, 0) for part in arguments) + close
    return f"{open_}{text}{close}" if strength < outer or (strength == 0 and outer) else text
