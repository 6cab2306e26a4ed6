"""How the delivery methods of a notice clause are written in one cell, and read back.

Rule 1: methods are joined by ``;``; each is a name, and optionally how long after sending it counts as received:
``registered_post 3 business_days; courier 1 days; email 4 hours``.
"""

from __future__ import annotations

import re
from typing import Final

from contractops.tools.facts import DeliveryMethod
from contractops.tools.values import Period, Unit

FORM: Final = "registered_post 3 business_days; courier 1 days; email 4 hours"
_METHOD = re.compile(r"([a-z_]{1,40})(?: (\d{1,3}) (days|business_days|hours))?")


def delivery_methods(cell: str | None) -> tuple[DeliveryMethod, ...]:
    """The methods of ``cell`` in its order; empty for None. Raises ``ValueError`` naming the part that cannot be read."""
    return tuple(_method(part.strip()) for part in (cell or "").split(";") if part.strip())


def _method(part: str) -> DeliveryMethod:
    found = _METHOD.fullmatch(part)
    if found is None:
        message = f'"{part[:60]}" is not a delivery method'
        raise ValueError(message)
    name, length, unit = found.groups()
    if unit is None:
        return DeliveryMethod(name=name)
    if unit == "hours":
        return DeliveryMethod(name=name, hours=int(length))
    return DeliveryMethod(name=name, transit=Period(length=int(length), unit=Unit(unit)))
