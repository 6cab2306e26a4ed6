"""Fixtures of the Slack tests: one world for the messenger's tests (its faults are cleared), one of its own for each listener test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.localworld.worlds import RunningWorld, start_world


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """A seeded world for a module."""
    with start_world(tmp_path_factory.mktemp("slack") / "world") as running:
        yield running


@pytest.fixture
def world(shared_world: RunningWorld) -> RunningWorld:
    """The world without faults."""
    httpx.delete(f"{shared_world.url}/_world/faults", trust_env=False).raise_for_status()
    return shared_world


@pytest.fixture
def fresh_world(tmp_path: Path) -> Iterator[RunningWorld]:
    """A world of its own."""
    with start_world(tmp_path / "world") as running:
        yield running
