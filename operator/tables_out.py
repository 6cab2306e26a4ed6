"""What the command line shows: tables, sentences, progress, JSON.

Rule 1: data on standard output, everything else on standard error. Into a pipe a table is plain and complete, and progress is silent.
Rule 2: on a terminal a table fits its width. First columns are left out, in the order of ``Column.leave_out``; then the widest text is
cut with an ellipsis. A number or a date is never cut and never wrapped.
Rule 3: a colour only repeats a word that stands there; ``NO_COLOR`` and ``--no-color`` take it away and nothing is lost.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from contractops.operator.clock import monotonic

COLOURS: Final = {
    "missed": "red",
    "fail": "red",
    "due": "yellow",
    "warn": "yellow",
    "safe": "green",
    "ok": "green",
}
"""Words that are repeated by a colour; every other word is plain."""

NOTHING_IMPORTED: Final = (
    "Nothing is imported into this database yet. contractops import FOLDER reads a portfolio; --db names another database."
)
"""Said beside a report that has nothing to list."""

_GAP: Final = "  "
_LEAST_TEXT: Final = 8
_QUIET_SECONDS: Final = 1.0
_REDRAW_SECONDS: Final = 0.1


class _Choice:
    colour = True


@dataclass(frozen=True)
class Column:
    """A column. ``number``: right-aligned; ``text``: may be cut; ``leave_out``: 0 never, else the lowest goes first."""

    title: str
    number: bool = False
    text: bool = False
    leave_out: int = 0


@dataclass(frozen=True)
class Row:
    """One line. ``rest`` stands in the place of all cells after the last one given."""

    cells: tuple[str, ...]
    rest: str | None = None


def without_colour() -> None:
    """No colours in this process (``--no-color``)."""
    _Choice.colour = False


def table(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Print ``rows`` under the titles of ``columns`` on standard output."""
    console = _console()
    width = console.width if console.is_terminal else None
    shown, widths = _layout(columns, rows, width)
    if width is None:
        _plain(columns, rows, widths)
        return
    console.print(_line([columns[place].title for place in shown], None, [columns[place] for place in shown], widths, width))
    for row in rows:
        cells = [row.cells[place] for place in shown if place < len(row.cells)]
        console.print(_line(cells, row.rest, [columns[place] for place in shown], widths, width))


def table_line(words: Sequence[str], text: str) -> None:
    """Print words of a fixed width, coloured as in a table, then a sentence."""
    console = _console()
    line = Text(_GAP).join(Text().append(word, COLOURS.get(word.strip(), "")) for word in words)
    room = console.width - line.cell_len - len(_GAP) if console.is_terminal else None
    if room is None:
        console.print(line.append(_GAP + text))
        return
    for number, part in enumerate(Text(text).wrap(console, max(room, 20))):
        lead = line if number == 0 else Text(" " * line.cell_len)
        console.print(lead.copy().append(_GAP).append(part.plain))


def say(text: str = "", *, indent: int = 0, hang: int = 0) -> None:
    """Print a sentence on standard output; on a terminal it wraps between words, following lines moved in by ``hang`` more."""
    console = _console()
    if not console.is_terminal:
        console.print(Text(" " * indent + text))
        return
    lines = Text(text).wrap(console, max(console.width - indent - hang, 20))
    for number, line in enumerate(lines):
        console.print(Text(" " * (indent + (hang if number else 0)) + line.plain))


def document(data: Mapping[str, Any]) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def tell(text: str) -> None:
    """Print a message on standard error."""
    sys.stderr.write(text + "\n")


def counted(total: str, parts: Sequence[tuple[int, str]]) -> str:
    """``31 contracts = 24 safe + 3 due``: a count line that adds up."""
    return f"{total} = {' + '.join(f'{count:,} {word}' for count, word in parts)}"


class Progress:
    """A line on standard error that is drawn anew, from one second on, only on a terminal. ``update`` fits an import's ``Progress``."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._begun = self._drawn = monotonic()
        self._what, self._what_begun = "", self._begun
        self._visible = False
        self._terminal = sys.stderr.isatty()

    def update(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` rows of ``what`` are read."""
        now = monotonic()
        if what != self._what:
            self._what, self._what_begun = what, now
        if not self._terminal or now - self._begun < _QUIET_SECONDS or now - self._drawn < _REDRAW_SECONDS:
            return
        self._drawn = now
        share = 100 * done // total if total else 100
        left = (now - self._what_begun) * (total - done) / done if done else 0.0
        self._draw(f"{self._verb} {what.replace('_', ' ')}  {share} %  {done:,} of {total:,}  {left:.0f} s left")

    def note(self, text: str) -> None:
        """Say what goes on now."""
        if self._terminal:
            self._draw(text)

    def close(self) -> None:
        """Take the line away."""
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._visible = False

    def _draw(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
        self._visible = True


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True, no_color=None if _Choice.colour else True)


def _layout(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> tuple[list[int], list[int]]:
    """(places of the columns that are shown, their widths), within ``width`` when there is one."""
    full = [_widest(place, column, rows) for place, column in enumerate(columns)]
    shown = list(range(len(columns)))
    if width is None:
        return shown, full
    leaving = iter(sorted((place for place in shown if columns[place].leave_out), key=lambda place: columns[place].leave_out))
    while _needed([full[place] for place in shown]) > width and (gone := next(leaving, None)) is not None:
        shown.remove(gone)
    widths = [full[place] for place in shown]
    texts = [number for number, place in enumerate(shown) if columns[place].text]
    while _needed(widths) > width and texts and max(widths[number] for number in texts) > _LEAST_TEXT:
        widest = max(texts, key=lambda number: widths[number])
        widths[widest] -= 1
    return shown, widths


def _widest(place: int, column: Column, rows: Sequence[Row]) -> int:
    cells: Iterator[str] = (row.cells[place] for row in rows if place < len(row.cells))
    return max(cell_len(cell) for cell in chain((column.title,), cells))


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(cells: Sequence[str], rest: str | None, columns: Sequence[Column], widths: Sequence[int], width: int) -> Text:
    parts = [_cell(cell, column, size) for cell, column, size in zip(cells, columns, widths, strict=False)]
    line = Text(_GAP).join(parts)
    if rest is not None:
        line.append(_GAP)
        line.append(_cut(rest, width - line.cell_len))
    line.rstrip()
    return line


def _plain(columns: Sequence[Column], rows: Sequence[Row], widths: Sequence[int]) -> None:
    """The table into a pipe: every column, no style; a hundred thousand lines are written in one go."""
    lines = []
    for row in chain((Row(tuple(column.title for column in columns)),), rows):
        cells = [
            " " * (size - cell_len(cell)) + cell if column.number else cell + " " * (size - cell_len(cell))
            for cell, column, size in zip(row.cells, columns, widths, strict=False)
        ]
        lines.append(_GAP.join(cells if row.rest is None else (*cells, row.rest)).rstrip() + "\n")
    sys.stdout.write("".join(lines))


def _cell(cell: str, column: Column, size: int) -> Text:
    shown = _cut(cell, size) if column.text else cell
    padding = " " * max(size - cell_len(shown), 0)
    coloured = COLOURS.get(shown, "")
    return Text(padding).append(shown, coloured) if column.number else Text().append(shown, coloured).append(padding)


def _cut(text: str, size: int) -> str:
    return text if cell_len(text) <= size else set_cell_size(text, max(size - 1, 0)).rstrip() + "…"
