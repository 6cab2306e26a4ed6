"""Fixtures of the local world's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contractops.tests.localworld.worlds import RunningWorld, start_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RunningWorld]:
    """A seeded world, stopped afterwards."""
    with start_world(tmp_path / "world") as running:
        yield running
