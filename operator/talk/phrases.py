"""The frame sentences of the answers, in the language that was asked in; a language without a sentence reads English.

Rule 1: words stand in ``phrases.toml``; this module only puts values into them.
Rule 2: a value is put in once, as it is: braces in it are text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from contractops.tools.errors import InvariantError

ENGLISH: Final = "en"
LANGUAGES: Final = ("en", "de", "es", "fr")
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("contractops.operator.talk").joinpath("phrases.toml").read_text(encoding="utf-8"))


def say(key: str, lang: str, **values: object) -> str:
    """The sentence ``key`` (``label.sla`` for one in a group) with its values. With ``n``, one form for 1 and one for more.

    Raises ``InvariantError`` CO-TLK-001 for a key without a sentence, or a value that is missing.
    """
    found: Any = _table()
    for part in key.split("."):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    if not isinstance(found, Mapping) or ENGLISH not in found:
        raise InvariantError("CO-TLK-001", f"no sentence {key!r}")
    words = str(found.get(lang, found[ENGLISH]))
    one, several, many = words.partition("|")
    if several:
        words = one if values.get("n") == 1 else many

    def put(place: re.Match[str]) -> str:
        if place[1] not in values:
            raise InvariantError("CO-TLK-001", f"sentence {key!r} lacks {place[1]}")
        return str(values[place[1]])

    return _PLACE.sub(put, words)


def keys() -> list[str]:
    """Every sentence, for tests."""
    return [
        name if ENGLISH in entry else f"{name}.{inner}"
        for name, entry in _table().items()
        for inner in (entry if ENGLISH not in entry else [""])
    ]
