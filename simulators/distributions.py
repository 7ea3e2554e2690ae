"""Distributions of times, by inverse transform.

One uniform number gives one time, so that two scenarios that share random numbers differ only where they were
changed. Parameters are those of the line document: means and coefficients of variation of the time itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Parameter: TypeAlias = float | tuple[float, ...]

#: Parameter names by kind, in the order of the constructors.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "exponential": ("mean",),
    "lognormal": ("mean", "cv"),
    "weibull": ("shape", "scale"),
    "gamma": ("mean", "cv"),
    "erlang": ("mean", "k"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "discrete": ("values", "probabilities"),
    "empirical": ("values",),
}
#: Parameters that are times; the others are pure numbers.
TIMES = frozenset({"value", "mean", "scale", "low", "mode", "high", "values"})


class ModelError(ValueError):
    """The line, scenario or study cannot be run as described.

    ``code`` is stable and names the translated text, ``place`` says where ("stations[0].buffer"), ``remedy`` what to
    do; ``str(error)`` is the English message.
    """

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params
        if remedy:
            self.add_note(remedy)

    def __reduce__(self) -> tuple[object, ...]:  # errors of jobs come back from other processes
        given: dict[str, Any] = {"code": self.code, "place": self.place, "remedy": self.remedy, **self.params}
        return partial(type(self), **given), (str(self),)

    def at(self, place: str) -> ModelError:
        """Return the same error, found deeper in: its place becomes ``place`` followed by what it named."""
        inner = f"{place}.{self.place}" if self.place else place
        return type(self)(str(self), code=self.code, place=inner, remedy=self.remedy, **self.params)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of times in seconds; use the constructors, such as ``Distribution.lognormal(240, cv=1.2)``.

    >>> Distribution.erlang(mean=60, k=2).scaled(0.5)
    Distribution.erlang(mean=30.0, k=2.0)
    >>> Distribution.exponential(60).ppf(np.array([0.5])).round(2).tolist()
    [41.59]
    """

    kind: str
    params: tuple[tuple[str, Parameter], ...]

    def __post_init__(self) -> None:
        names = PARAMETERS.get(self.kind)
        if names is None:
            raise ModelError(
                f"unknown distribution {self.kind!r}",
                code="unknown_distribution",
                remedy=f"Use one of {', '.join(PARAMETERS)}.",
                kind=self.kind,
                known=", ".join(PARAMETERS),
            )
        if tuple(name for name, _ in self.params) != names:
            raise ModelError(
                f"{self.kind} needs {', '.join(names)}",
                code="distribution_parameters",
                remedy=f"Give exactly: {', '.join(names)}.",
                kind=self.kind,
                needed=", ".join(names),
            )
        for name, value in self.params:
            self._check(name, value)
        self._check_together()

    def _refuse(self, name: str, rule: str, message: str) -> ModelError:
        code = f"distribution_{rule}"
        return ModelError(
            f"{self.kind}: {name} {message}",
            code=code,
            place=name,
            remedy="Times are finite and not negative; shapes, k and probabilities are above 0.",
            kind=self.kind,
            name=name,
        )

    def _check(self, name: str, value: Parameter) -> None:
        numbers = value if isinstance(value, tuple) else (value,)
        if not numbers or not all(math.isfinite(number) for number in numbers):
            raise self._refuse(name, "not_finite", "must be finite")
        if any(number < 0 for number in numbers):
            raise self._refuse(name, "negative", f"must not be negative, got {min(numbers):g}")
        if name in {"mean", "scale", "shape", "k", "cv"} and min(numbers) <= 0:
            raise self._refuse(name, "not_positive", "must be above 0")
        if name == "cv" and max(numbers) > 20:
            raise self._refuse(name, "cv", "must be at most 20")
        if name == "shape" and not 0.1 <= min(numbers) <= 100:
            raise self._refuse(name, "shape", "must lie between 0.1 and 100")
        if name == "k" and (numbers[0] != int(numbers[0]) or numbers[0] > 10_000):
            raise self._refuse(name, "k", "must be a whole number up to 10,000")

    def _check_together(self) -> None:
        given = dict(self.params)
        if self.kind == "uniform" and not _number(given["low"]) <= _number(given["high"]):
            raise self._refuse("low", "low", "must not be above high")
        if self.kind == "triangular" and not (
            _number(given["low"]) <= _number(given["mode"]) <= _number(given["high"])
            and _number(given["low"]) < _number(given["high"])
        ):
            raise self._refuse("mode", "mode", "must lie between low and high")
        if self.kind == "discrete":
            values, probabilities = given["values"], given["probabilities"]
            if not (isinstance(values, tuple) and isinstance(probabilities, tuple)):
                raise self._refuse("values", "lists", "and probabilities must be lists")
            if len(values) != len(probabilities):
                raise self._refuse("probabilities", "lengths", "must be as many as values")
            if abs(math.fsum(probabilities) - 1) > 1e-9:
                raise self._refuse("probabilities", "sum", f"must add up to 1, not {math.fsum(probabilities):g}")
        if self.kind == "empirical" and not isinstance(given["values"], tuple):
            raise self._refuse("values", "lists", "must be a list")

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.params)
        return f"Distribution.{self.kind}({inside})"

    @classmethod
    def of(cls, kind: str, **params: float | Iterable[float]) -> Distribution:
        """Build any kind from its parameters by name; lists become tuples and numbers floats."""
        names = PARAMETERS.get(kind, tuple(params))
        order = [name for name in names if name in params] + [name for name in params if name not in names]
        return cls(kind, tuple((name, _parameter(params[name])) for name in order))

    @classmethod
    def constant(cls, value: float) -> Distribution:
        return cls.of("constant", value=value)

    @classmethod
    def exponential(cls, mean: float) -> Distribution:
        return cls.of("exponential", mean=mean)

    @classmethod
    def lognormal(cls, mean: float, cv: float) -> Distribution:
        return cls.of("lognormal", mean=mean, cv=cv)

    @classmethod
    def weibull(cls, shape: float, scale: float) -> Distribution:
        return cls.of("weibull", shape=shape, scale=scale)

    @classmethod
    def gamma(cls, mean: float, cv: float) -> Distribution:
        return cls.of("gamma", mean=mean, cv=cv)

    @classmethod
    def erlang(cls, mean: float, k: int) -> Distribution:
        return cls.of("erlang", mean=mean, k=k)

    @classmethod
    def uniform(cls, low: float, high: float) -> Distribution:
        return cls.of("uniform", low=low, high=high)

    @classmethod
    def triangular(cls, low: float, mode: float, high: float) -> Distribution:
        return cls.of("triangular", low=low, mode=mode, high=high)

    @classmethod
    def discrete(cls, values: Iterable[float], probabilities: Iterable[float]) -> Distribution:
        return cls.of("discrete", values=values, probabilities=probabilities)

    @classmethod
    def empirical(cls, values: Iterable[float]) -> Distribution:
        """Every one of the values is equally likely."""
        return cls.of("empirical", values=values)

    def number(self, name: str) -> float:
        """Return the parameter ``name``, which must not be a list."""
        return _number(dict(self.params)[name])

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return the parameter ``name``, which must be a list."""
        value = dict(self.params)[name]
        return value if isinstance(value, tuple) else (value,)

    @property
    def mean(self) -> float:
        """The mean time in seconds."""
        match self.kind:
            case "constant":
                return self.number("value")
            case "weibull":
                return self.number("scale") * math.gamma(1 + 1 / self.number("shape"))
            case "uniform":
                return (self.number("low") + self.number("high")) / 2
            case "triangular":
                return (self.number("low") + self.number("mode") + self.number("high")) / 3
            case "discrete":
                pairs = zip(self.numbers("values"), self.numbers("probabilities"), strict=True)
                return math.fsum(value * probability for value, probability in pairs)
            case "empirical":
                return math.fsum(self.numbers("values")) / len(self.numbers("values"))
            case _:
                return self.number("mean")

    @property
    def lowest(self) -> float:
        """The lower end of the support in seconds: 0 for the kinds that reach down to it."""
        match self.kind:
            case "constant":
                return self.number("value")
            case "uniform" | "triangular":
                return self.number("low")
            case "discrete" | "empirical":
                return min(self.numbers("values"))
            case _:
                return 0.0

    def scaled(self, factor: float) -> Distribution:
        """Return the distribution of ``factor`` times the time: same shape, all times multiplied."""
        if not (math.isfinite(factor) and factor > 0):
            raise ModelError(
                f"a time cannot be scaled by {factor:g}",
                code="scale_factor",
                remedy="Give a factor above 0.",
                factor=factor,
            )
        return Distribution(
            self.kind,
            tuple((name, _scaled(value, factor) if name in TIMES else value) for name, value in self.params),
        )

    def ppf(self, u: Floats) -> Floats:
        """Return the quantiles at ``u`` (between 0 and 1, any shape), in seconds."""
        u = np.asarray(u, dtype=np.float64)
        return self.quantile(u, 1.0 - u)

    def quantile(self, u: Floats, rest: Floats) -> Floats:
        """Return the quantiles at ``u``, given also ``rest`` = 1 - u, exact where 1 - u would lose digits."""
        match self.kind:
            case "constant":
                return np.full(u.shape, self.number("value"))
            case "exponential":
                return self.number("mean") * _minus_log(u, rest)
            case "weibull":
                return np.asarray(self.number("scale") * _minus_log(u, rest) ** (1 / self.number("shape")))
            case "lognormal":
                variance = math.log1p(self.number("cv") ** 2)
                normal = np.where(u < 0.5, special.ndtri(u), -special.ndtri(rest))
                return np.asarray(self.number("mean") * np.exp(math.sqrt(variance) * normal - variance / 2))
            case "gamma" | "erlang":
                shape = self.number("k") if self.kind == "erlang" else self.number("cv") ** -2
                unit = np.where(u < 0.5, special.gammaincinv(shape, u), special.gammainccinv(shape, rest))
                return np.asarray(self.number("mean") / shape * unit)
            case "uniform":
                return self.number("low") + (self.number("high") - self.number("low")) * u
            case "triangular":
                low, mode, high = (self.number(name) for name in PARAMETERS["triangular"])
                rise, fall = (high - low) * (mode - low), (high - low) * (high - mode)
                return np.where(u * (high - low) < mode - low, low + np.sqrt(u * rise), high - np.sqrt(rest * fall))
            case "discrete":
                steps = np.cumsum(self.numbers("probabilities"))
                steps[-1] = 2.0  # rounding must not leave a gap at the top
                return np.asarray(self.numbers("values"))[np.searchsorted(steps, u, side="right")]
            case _:
                values = np.sort(np.asarray(self.numbers("values")))
                return values[np.minimum((u * len(values)).astype(np.int64), len(values) - 1)]


def _minus_log(u: Floats, rest: Floats) -> Floats:
    return np.asarray(np.where(u < 0.5, -np.log1p(-u), -np.log(np.maximum(rest, 5e-324))))


def _number(value: Parameter) -> float:
    if isinstance(value, tuple):
        raise ModelError("a single number is needed here", code="number_needed", remedy="Give one number, not a list.")
    return value


def _parameter(value: float | Iterable[float]) -> Parameter:
    return tuple(float(item) for item in value) if isinstance(value, Iterable) else float(value)


def _scaled(value: Parameter, factor: float) -> Parameter:
    return tuple(item * factor for item in value) if isinstance(value, tuple) else value * factor
