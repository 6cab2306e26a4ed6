"""The running demo, as `make demo` starts it, and a headless browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from contractops.operator import demo

CHROMIUM = os.environ.get("CONTRACTOPS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[demo.Place]:
    """One local world and one operator for a module, with the sample portfolio imported and the first cards posted."""
    with demo.started(tmp_path_factory.mktemp("journey") / "demo") as (running, _operator):
        demo.load_sample(running)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for a module."""
    if not Path(CHROMIUM).exists():
        pytest.skip("not run: no chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
