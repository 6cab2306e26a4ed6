"""A fresh installation on Mon 7 Dec 2026, 09:00 in Chicago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.operator.clock.simulate import Simulation, instant


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Simulation]:
    """Nothing is imported yet."""
    simulation = Simulation(tmp_path, instant(date(2026, 12, 7), 9))
    yield simulation
    simulation.database.dispose()
