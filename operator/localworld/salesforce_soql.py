"""The small part of SOQL that the operator speaks.

    SELECT field, ... FROM Object [WHERE field op literal [AND ...]] [ORDER BY field [ASC|DESC]] [LIMIT n]

with op one of = != < <= > >=, and literals 'text', number, date, date-time, true, false, null. Text is compared ignoring case.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from contractops.operator.localworld import salesforce_schema as schema
from contractops.operator.localworld.salesforce_schema import SalesforceError

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_QUERY: Final = re.compile(
    r"\s*SELECT\s+(?P<fields>[\w.,\s]+?)\s+FROM\s+(?P<name>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>\w+)(?:\s+(?P<direction>ASC|DESC))?)?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"\s*(?P<field>\w+)\s*(?P<op><=|>=|!=|=|<|>)\s*(?P<literal>'(?:\\.|[^'\\])*'|[^\s']+)\s*")
_NOT_TEXT: Final = frozenset({"currency", "percent", "double", "date", "datetime"})
_RELATED: Final = {"LastModifiedBy.Name"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field with a literal (text, float, date, aware datetime, bool or None)."""

    field: str
    operator: str
    literal: object

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether a record's values meet it; a comparison with an empty field holds for != only."""
        value = values.get(self.field)
        if value is None or self.literal is None:
            return _OPERATORS[self.operator](value, self.literal) if self.operator in {"=", "!="} else False
        return _OPERATORS[self.operator](_comparable(value, self.literal), self.literal)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `limit` None is no limit."""

    fields: tuple[str, ...]
    name: str
    conditions: tuple[Condition, ...]
    order: str | None
    descending: bool
    limit: int | None

    def select(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The stored records that match, in order."""
        found = [record for record in records if all(condition.holds(record["values"]) for condition in self.conditions)]
        if self.order:
            key = self.order
            # Empty values come first, as the vendor sorts them.
            found.sort(key=lambda record: (record["values"].get(key) is not None, record["values"].get(key)), reverse=self.descending)
        return found[: self.limit]


def parse(text: str) -> Query:
    """Read a query. Raises SalesforceError (400): MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE."""
    found = _QUERY.fullmatch(text)
    if found is None:
        raise SalesforceError("MALFORMED_QUERY", f"unexpected token in: {text[:100]}")
    name = found["name"]
    if name not in schema.OBJECTS:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    fields = tuple(field.strip() for field in found["fields"].split(","))
    conditions = _conditions(found["where"]) if found["where"] else ()
    compared = {each.field for each in conditions} | ({found["order"]} if found["order"] else set())
    for field in (*fields, *compared):
        if field not in schema.OBJECTS[name] and (field not in _RELATED or field in compared):
            raise SalesforceError("INVALID_FIELD", f"No such column '{field}' on entity '{name}'.")
    for each in conditions:
        if isinstance(each.literal, str) and schema.OBJECTS[name][each.field].type in _NOT_TEXT:
            raise SalesforceError("INVALID_FIELD", f"value of filter criterion for field '{each.field}' must not be enclosed in quotes")
    limit = int(found["limit"]) if found["limit"] else None
    return Query(fields, name, conditions, found["order"], (found["direction"] or "").upper() == "DESC", limit)


def _conditions(text: str) -> tuple[Condition, ...]:
    out: list[Condition] = []
    rest = text
    while True:
        found = _CONDITION.match(rest)
        if found is None:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: {rest[:60]}")
        out.append(Condition(found["field"], found["op"], _literal(found["literal"])))
        rest = rest[found.end() :]
        if not rest:
            return tuple(out)
        joined = re.match(r"AND\s+", rest, re.IGNORECASE)
        if joined is None:
            raise SalesforceError("MALFORMED_QUERY", f"unexpected token: {rest[:60]}")
        rest = rest[joined.end() :]


def _literal(text: str) -> object:
    if text.startswith("'"):
        return re.sub(r"\\(.)", r"\1", text[1:-1]).casefold()
    lowered = text.lower()
    if lowered in {"null", "true", "false"}:
        return {"null": None, "true": True, "false": False}[lowered]
    for read in (float, date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise SalesforceError("MALFORMED_QUERY", f"unexpected token: {text}")


def _comparable(value: object, literal: object) -> object:
    """The stored value in the literal's type. Raises SalesforceError when the two cannot be compared."""
    try:
        match literal:
            case datetime():
                when = datetime.fromisoformat(str(value))
                return when if when.tzinfo else when.replace(tzinfo=UTC)
            case date():
                return date.fromisoformat(str(value))
            case bool():
                return value
            case float():
                return float(str(value))
    except ValueError as error:
        raise SalesforceError("INVALID_FIELD", f"value of filter criterion does not fit the field: {literal}") from error
    return str(value).casefold()
