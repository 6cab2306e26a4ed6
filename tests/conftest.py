"""What every test stands on: a clean environment, strict deserialisation, and skips that cannot hide.

Rules of this module:

1. No vendor or model variable of the shell reaches a test or a process that a test starts.
2. A skipped browser test is a failure where a browser was promised (CONTRACTOPS_REQUIRE_BROWSER=1).
3. A skip is printed as "not run: why".
4. Slow folders run first: the order never decides whether a test passes.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

FOREIGN = ("SLACK_", "DOCUSIGN_", "SALESFORCE_", "HUBSPOT_", "OPENAI_", "AZURE_OPENAI_", "LANGCHAIN_", "LANGSMITH_", "LANGGRAPH_", "DBOS_")
KEPT = {"CONTRACTOPS_REQUIRE_BROWSER", "CONTRACTOPS_TEST_DATABASE", "CONTRACTOPS_TEST_SERVER", "CONTRACTOPS_TEST_COUNT"}
KEPT |= {"CONTRACTOPS_TEST_CHAOS_SECONDS", "CONTRACTOPS_TEST_CHAOS_RENEWALS"}


def _clean(environment: dict[str, str]) -> list[str]:
    """The names in `environment` that must not reach a test."""
    ours = (name for name in environment if name.startswith("CONTRACTOPS_") and name not in KEPT)
    return [*ours, *(name for name in environment if name.startswith(FOREIGN))]


# Before any test module is imported: LangGraph reads its variable once, at import.
for _name in _clean(dict(os.environ)):
    del os.environ[_name]
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
if os.environ.get("CONTRACTOPS_TEST_DATABASE") == "postgres":
    from tests.postgres import server

    server.folder()  # one server for this run and every process that it starts


SLOW_FIRST = (
    "tests/operator/desk/test_every_button.py",
    "tests/operator/desk",
    "tests/journey",
    "tests/faults",
    "tests/localworld/",
    "tests/localworld_vendors",
    "tests/operator/cli",
    "tests/adapters",
    "tests/operator/clock",
    "tests/showing",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders that wait for processes come first, so that no worker is left alone with them at the end."""
    order = {folder: rank for rank, folder in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: next((rank for folder, rank in order.items() if item.nodeid.startswith(folder)), len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a browser test into a failure where a browser was promised."""
    report = yield
    if report.skipped and item.get_closest_marker("browser") and os.environ.get("CONTRACTOPS_REQUIRE_BROWSER") == "1":
        report.outcome = "failed"
        report.longrepr = f"not run, though a browser was promised: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say each skip in words, and how many passed to whoever compares runs."""
    if "CONTRACTOPS_TEST_COUNT" in os.environ:
        with Path(os.environ["CONTRACTOPS_TEST_COUNT"]).open("a", encoding="utf-8") as count:
            count.write(f"{len(terminalreporter.stats.get('passed', []))}\n")
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"not run: {report.nodeid}: {str(reason).removeprefix('Skipped: ')}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """The PostgreSQL databases of a test go with its folder; hundreds of them would fill the disk."""
    yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None and "tests.postgres.databases" in sys.modules:
        sys.modules["tests.postgres.databases"].forget_below(folder)
