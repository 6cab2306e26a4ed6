"""The values every tool speaks: money with a currency, periods with a unit, reasons and findings as data.

Rule 1: a value never changes; a changed value is a new value.
Rule 2: an amount without a currency, or a period without a unit, cannot be written down.
Rule 3: a reason is data (code, values, source clause); it is worded only at the edge, so that Slack, the document, the command
line and the audit trail show the same explanation.
Rule 4: bad data is a ``Finding`` (a value); bad programs raise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scalar: TypeAlias = str | int | bool | None
"""What a reason may carry: dates as ISO text, decimals as text, so that nothing loses digits on its way through JSON."""

_MINOR_UNITS = {"BHD": 3, "CLP": 0, "HUF": 2, "ISK": 0, "JPY": 0, "JOD": 3, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}


class Value(BaseModel):
    """Base of every value: frozen, and closed to unknown fields. Its validator is built at the first use: a command uses few of all values."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    every_field: ClassVar[set[str]]
    """The names of all fields."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.every_field = set(cls.model_fields)


_V = TypeVar("_V", bound=Value)
_new = object.__new__
# What pydantic keeps of a value, each in a slot of its own.
_put_fields = BaseModel.__dict__["__dict__"].__set__
_put_names = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_put_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_put_private = BaseModel.__dict__["__pydantic_private__"].__set__


def filled(kind: type[_V], fields: dict[str, Any]) -> _V:
    """A value of our own making: ``fields`` holds every field, in its final type, and is not validated again.

    Only for the explanations of a sweep, which makes tens of thousands of windows a second: half of that time would be validation.
    """
    value = _new(kind)
    _put_fields(value, fields)
    _put_names(value, kind.every_field)  # shared: a copy of a value gets a set of its own
    _put_extra(value, None)
    _put_private(value, None)
    return value


def minor_units(currency: str) -> int:
    """Number of decimals of ``currency`` (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency, 2)


class Money(Value):
    """An exact amount in one currency. ``amount`` keeps the digits it was given; ``rounded`` states the rounding."""

    amount: Decimal
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    def __add__(self, other: Self) -> Self:
        """Sum of two amounts of one currency. Raises ``ValueError`` when the currencies differ: totals are never mixed."""
        return self._with(self.amount + self._same(other))

    def __sub__(self, other: Self) -> Self:
        """Difference of two amounts of one currency. Raises ``ValueError`` when the currencies differ."""
        return self._with(self.amount - self._same(other))

    def __neg__(self) -> Self:
        return self._with(-self.amount)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._same(other)

    def times(self, factor: Decimal | int) -> Self:
        """Product with a plain number, not rounded."""
        return self._with(self.amount * factor)

    def percent(self, percentage: Decimal) -> Self:
        """``percentage`` per cent of this amount, not rounded."""
        return self._with(self.amount * percentage / 100)

    def rounded(self) -> Self:
        """The amount in the currency's own decimals, rounded half to even."""
        step = Decimal(1).scaleb(-minor_units(self.currency))
        return self._with(self.amount.quantize(step, rounding=ROUND_HALF_EVEN))

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in ``currency``."""
        return cls(amount=Decimal(0), currency=currency)

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount=amount, currency=self.currency)

    def _same(self, other: Self) -> Decimal:
        if other.currency != self.currency:
            message = f"amounts of {self.currency} and {other.currency} are never added or compared"
            raise ValueError(message)
        return other.amount


def sha256_of(content: bytes | str) -> str:
    """SHA-256 (hex) of bytes, or of text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


class Unit(StrEnum):
    """Unit of a period."""

    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


LONGEST: Final[Mapping[Unit, int]] = MappingProxyType(
    {Unit.DAYS: 36_525, Unit.BUSINESS_DAYS: 36_525, Unit.WEEKS: 5_218, Unit.MONTHS: 1_200, Unit.YEARS: 100}
)
"""The longest length of each unit, about a hundred years: a longer one is a slip of the pen, and would leave the calendar."""


class Period(Value):
    """A length with its unit: 60 days is not 2 months. At most ``LONGEST`` of its unit."""

    length: int = Field(ge=0)
    unit: Unit

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        if self.length > LONGEST[self.unit]:
            message = f"at most {LONGEST[self.unit]} {self.unit} can be counted"
            raise ValueError(message)
        return self


class ClauseRef(Value):
    """Where a fact stands: the document, the clause, the page (from 1) and the words."""

    document: str
    clause: str | None = None
    page: int | None = None
    quote: str | None = None


class Reason(Value):
    """One step of an explanation. ``code`` names the sentence, ``values`` fill it, ``clause`` is the source."""

    code: str
    values: dict[str, Scalar] = {}
    clause: ClauseRef | None = None


def reason(code: str, values: dict[str, Scalar], clause: ClauseRef | None = None) -> Reason:
    """A reason from code that knows the types of its values, made as ``filled`` says."""
    return filled(Reason, {"code": code, "values": values, "clause": clause})


class Severity(StrEnum):
    """What a finding does: ``blocking`` stops an approval, ``warning`` asks for a look, ``info`` is told."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


class Finding(Value):
    """Bad or missing data, as a value. ``about`` names the record or field (``SO-12.monthly_price``)."""

    code: str
    severity: Severity
    about: str
    values: dict[str, Scalar] = {}
