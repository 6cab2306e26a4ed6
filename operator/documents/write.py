"""Writes documents: data and a template of this folder become a PDF.

Rule 1: the same facts give the same bytes, on every machine: bundled fonts only, no date, no random id.
Rule 2: values travel as JSON data; no value is ever put into template source, so no value can be a command of the typesetter.
Rule 3: a character that the bundled fonts cannot show is an error that names it, never an empty box in a contract.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from contractops.operator.documents.notice import notice_data
from contractops.operator.documents.order_form import Brand, order_form
from contractops.tools.errors import InputError, InvariantError
from contractops.tools.notice import Notice
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import Terms

_FOLDER = files("contractops.operator.documents")
_EPOCH = 0  # the typesetter's only time: seconds since 1970, the same for all


def render(terms: Terms, signers: tuple[SignerPlan, ...], brand: Brand | None = None) -> bytes:
    """The renewal order form as a tagged PDF. The footer shows the hash of the terms: a document cannot hold its own.

    Raises ``InputError`` when a text has a character that the fonts lack, or the logo is no SVG.
    """
    data = order_form(terms, signers, brand or Brand())
    _check_characters(data)
    return _typeset("order_form.typ", data)


def render_notice(notice: Notice, signer: SignerPlan, brand: Brand | None = None) -> bytes:
    """A notice of non-renewal as a tagged PDF. Raises as ``render`` does."""
    data = notice_data(notice, signer, brand or Brand())
    _check_characters(data)
    return _typeset("notice.typ", data)


def _typeset(template: str, data: dict[str, Any]) -> bytes:
    import typst  # noqa: PLC0415 - 40 MB that a command line without documents must not load

    source = _FOLDER.joinpath(template).read_bytes()
    with as_file(_FOLDER.joinpath("fonts")) as fonts:
        try:
            made = typst.compile(
                source,
                font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)]),
                format="pdf",
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                timestamp=_EPOCH,
                pdf_standards=["ua-1"],
                pdf_tags=True,
            )
        except typst.TypstError as error:
            if data.get("logo"):
                raise InputError("CO-DOC-002", "The document could not be typeset; is the logo an SVG?") from error
            raise InvariantError("CO-DOC-003", f"The template {template} failed: {error.message}") from error
    return made


def _check_characters(data: Any) -> None:
    starts, ends = _coverage()
    for text in _texts(data):
        for character in text:
            place = bisect_right(starts, ord(character)) - 1
            if place < 0 or ord(character) > ends[place]:
                message = f"The document fonts lack {character!r} (U+{ord(character):04X}), in {text[:60]!r}."
                raise InputError("CO-DOC-001", message, advice="Write the name in Latin, Greek, Cyrillic or Japanese letters.")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            if name != "logo":
                yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


@cache
def _coverage() -> tuple[list[int], list[int]]:
    lines = _FOLDER.joinpath("fonts", "coverage.txt").read_text(encoding="ascii").split()
    ranges = [[int(end, 16) for end in line.split("-")] for line in lines]
    return [each[0] for each in ranges], [each[-1] for each in ranges]
