"""The scripted demo as the continuous integration runs it: it passes, and it fails when something is not as expected."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from contractops.operator import demo
from contractops.tests.journey.test_wire import journey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

STEPS = 10


def test_the_scripted_demo_passes_from_a_clean_folder(tmp_path: Path) -> None:
    """`contractops demo --script` in a new folder: ten steps, each ok, exit status 0, and nothing of it runs on."""
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "contractops.operator.cli", "demo", "--script", "--folder", str(folder)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.findall(r"^ ?(\d+)  ok  ", ran.stdout, re.MULTILINE) == [str(number) for number in range(1, STEPS + 1)]
    assert f"All {STEPS} expectations held in" in ran.stdout
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "operator.pid").read_text(encoding="utf-8")), 0)


def test_a_tampered_document_fails_the_journey(tmp_path: Path) -> None:
    """The vendor returns another text than was approved: step 9 says so, the exit status is 1, and the CRM is untouched."""
    with demo.started(tmp_path / "demo") as (place, _operator):
        httpx.post(f"{place.world}/_world/docusign/tamper", json={"what": "alter_document"}, timeout=10).raise_for_status()
        ran = subprocess.run(journey(place), env=place.environment(), capture_output=True, text=True, check=False)
        records = httpx.get(f"{place.world}/_world/salesforce/records", timeout=10).json()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert re.search(r"^ 9  FAILED  ", ran.stdout, re.MULTILINE)
    assert "8 of 10 expectations held" in ran.stdout
    contract = next(each["fields"] for each in records if each["external_id"] == "ENT-3391" and each["object"] == "Contract")
    assert contract["Term_End__c"] == "2027-04-07"
