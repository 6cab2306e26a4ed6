"""Claims about what the command line shows on terminals and in pipes."""

import os
import pty
import re
import struct
import subprocess
import termios
from fcntl import ioctl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from contractops.operator import tables_out
from contractops.operator.tables_out import Column, Row
from tests.operator.cli.conftest import AS_OF, COMMAND, environment, run
from tests.operator.cli.test_import import read_until
from tests.postgres import databases

ANSI = re.compile(r"\x1b\[[0-9;]*m")
COLUMNS = (Column("NAME", text=True), Column("ID"), Column("DAYS", number=True), Column("STAGE", leave_out=2), Column("OWNER", leave_out=1))


def on_terminal(width: int, *arguments: str, **variables: str) -> str:
    """What a terminal of `width` columns shows of a command."""
    shown, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    variables = {"TERM": "xterm-256color", **variables}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=theirs, stderr=subprocess.DEVNULL, env=environment(**variables))
    os.close(theirs)
    text = read_until(shown, None)
    process.wait(timeout=30)
    os.close(shown)
    return text.decode().replace("\r\n", "\n")


@pytest.fixture
def coverage(portfolio: Path) -> tuple[str, ...]:
    """The arguments of a coverage of the sample."""
    return ("coverage", "--as-of", AS_OF, "--db", databases.url_of(portfolio))


@pytest.mark.parametrize(
    ("width", "titles"), [(120, "ACCOUNT ID STATE DECIDE BY DAYS STAGE OWNER"), (80, "ACCOUNT ID STATE DECIDE BY DAYS STAGE")]
)
def test_a_terminal_gets_the_columns_that_fit(coverage: tuple[str, ...], width: int, titles: str) -> None:
    """OWNER goes first; no line is wider than the terminal, and no figure or date is cut."""
    shown = ANSI.sub("", on_terminal(width, *coverage))
    assert " ".join(shown.splitlines()[0].split()) == titles
    assert max(cell_len(line) for line in shown.splitlines()) <= width
    row = next(line for line in shown.splitlines() if "ENT-3391" in line)
    assert "Fri 5 Feb 2027" in row
    assert " 60 " in row


def test_a_very_narrow_terminal_cuts_names_only(coverage: tuple[str, ...]) -> None:
    shown = ANSI.sub("", on_terminal(50, *coverage))
    row = next(line for line in shown.splitlines() if "ENT-3391" in line)
    assert "…" in row
    assert re.search(r"ENT-3391 +due +Fri 5 Feb 2027 +60$", row)


def test_a_colour_repeats_its_word_and_can_be_taken_away(coverage: tuple[str, ...]) -> None:
    """Red missed, yellow due, green safe, plain unknown; the words stay when the colours go."""
    coloured = on_terminal(100, *coverage)
    assert all(f"\x1b[{code}m{word}\x1b[0m" in coloured for code, word in ((31, "missed"), (33, "due"), (32, "safe")))
    assert "m unknown" not in coloured
    without = [on_terminal(100, *coverage, NO_COLOR="1"), on_terminal(100, "--no-color", *coverage)]
    assert without == [ANSI.sub("", coloured)] * 2


def test_a_pipe_gets_every_column_uncut(portfolio: Path) -> None:
    said = run("coverage", "--as-of", AS_OF, db=portfolio).out
    assert "\x1b" not in said
    assert "…" not in said
    assert "OWNER" in said


@given(
    width=st.integers(20, 120),
    rows=st.lists(st.tuples(st.text("aé日 ", max_size=40), st.integers(0, 10**9), st.integers(-999, 99_999)), max_size=5),
)
def test_whatever_the_width_numbers_stay_whole(width: int, rows: list[tuple[str, int, int]]) -> None:
    """Columns leave in their order before a text is cut, and no column that is not text loses a cell."""
    table = [Row((name, str(number), f"{days:,}", "in review", "Maria")) for name, number, days in rows]
    shown, widths = tables_out._layout(COLUMNS, table, width)
    assert shown[:3] == [0, 1, 2]
    assert not (3 not in shown and 4 in shown), "STAGE never goes before OWNER"
    for place, size in zip(shown, widths, strict=True):
        if not COLUMNS[place].text:
            assert size >= max((cell_len(row.cells[place]) for row in table), default=0)
    if len(shown) < len(COLUMNS) and shown != [0, 1, 2]:
        full = tables_out._needed([tables_out._widest(place, COLUMNS[place], table) for place in range(5)])
        assert full > width
