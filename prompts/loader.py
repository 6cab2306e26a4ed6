"""Reads prompt files: Markdown with a front matter of name, version, variables and output schema.

Rule 1: a variable that is missing, unknown or unused is an error, in the file as well as in a call.
Rule 2: values are put in once, as they are; braces inside a value are text and are not read again.
Rule 3: the hash covers the whole file: whoever stores it can say which words produced an answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from contractops.tools.errors import InvariantError
from contractops.tools.values import Value

_PLACE: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_LIST: Final = re.compile(r"\[([a-z_, ]*)\]")
_KEYS: Final = frozenset({"name", "version", "variables", "output"})
_TYPES: Final = frozenset({"string", "integer", "boolean"})


class Prompt(Value):
    """A prompt. ``output`` maps each field of the answer to its JSON type; ``digest`` is the SHA-256 of the file."""

    name: str
    version: int
    variables: tuple[str, ...]
    output: dict[str, str]
    body: str
    digest: str

    def fill(self, values: Mapping[str, str]) -> str:
        """The body with every variable in place. Raises ``InvariantError`` naming what is missing or unknown."""
        missing, unknown = set(self.variables) - set(values), set(values) - set(self.variables)
        if missing or unknown:
            raise InvariantError("CO-PRM-001", f"Prompt {self.name}: missing {sorted(missing)}, unknown {sorted(unknown)}.")
        return _PLACE.sub(lambda place: values[place.group(1)], self.body)

    def answer_schema(self) -> dict[str, object]:
        """JSON schema of the answer: every field required, no other allowed."""
        properties = {field: {"type": kind} for field, kind in self.output.items()}
        return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


@cache
def load(name: str) -> Prompt:
    """The prompt in ``prompts/NAME.md``. Raises ``InvariantError`` when the file is malformed."""
    return parse(name, files("contractops.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Prompt:
    """A prompt from the text of its file. Raises ``InvariantError``."""
    opening, head, body = [*text.split("---\n", 2), "", ""][:3]
    if opening or not body:
        raise _malformed(name, "no front matter")
    found = _front_matter(name, head)
    listed = _LIST.fullmatch(str(found["variables"]))
    output = found["output"]
    if listed is None or not isinstance(output, dict) or found["name"] != name or not str(found["version"]).isdecimal():
        raise _malformed(name, "name, version, variables or output has another form")
    variables = tuple(each.strip() for each in listed.group(1).split(",") if each.strip())
    places = set(_PLACE.findall(body))
    if places != set(variables):
        raise _malformed(name, f"variables {sorted(variables)} but places {sorted(places)}")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Prompt(name=name, version=int(str(found["version"])), variables=variables, output=output, body=body.strip(), digest=digest)


def _front_matter(name: str, head: str) -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = {}
    output: dict[str, str] = {}
    for line in head.splitlines():
        key, colon, value = line.strip().partition(":")
        if not colon or (line.startswith(" ") and value.strip() not in _TYPES) or (not line.startswith(" ") and key not in _KEYS):
            raise _malformed(name, f"front matter line {line!r}")
        if line.startswith(" "):
            output[key] = value.strip()
        else:
            found[key] = output if key == "output" else value.strip()
    if set(found) != _KEYS or not output:
        raise _malformed(name, f"front matter must have exactly {sorted(_KEYS)}")
    return found


def _malformed(name: str, why: str) -> InvariantError:
    return InvariantError("CO-PRM-002", f"Prompt file {name}.md is malformed: {why}.")
