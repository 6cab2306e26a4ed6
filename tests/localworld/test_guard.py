"""The local world refuses to start beside real credentials."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contractops.operator.localworld.guard import real_credentials

LOCAL = {
    "SLACK_BOT_TOKEN": "xoxb-local",
    "CONTRACTOPS_SLACK_APP_TOKEN": "xapp-local",
    "CONTRACTOPS_DOCUSIGN_BASE_URL": "http://127.0.0.1:8000/restapi",
    "CONTRACTOPS_DOCUSIGN_INTEGRATION_KEY": "local-integration-key",
    "CONTRACTOPS_SALESFORCE_BASE_URL": "http://localhost:8000",
    "CONTRACTOPS_SALESFORCE_PRIVATE_KEY": "/somewhere/key.pem",
    "PATH": "/usr/bin",
}


def test_local_credentials_pass() -> None:
    """The fixed local credentials and loopback addresses are no reason to refuse."""
    assert real_credentials(LOCAL, model_given=False) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-1234"),
        ("CONTRACTOPS_SLACK_APP_TOKEN", "xapp-1-real"),
        ("CONTRACTOPS_DOCUSIGN_BASE_URL", "https://na3.docusign.net/restapi"),
        ("CONTRACTOPS_DOCUSIGN_BASE_URL", "http://127.0.0.1.evil.example/"),
        ("CONTRACTOPS_DOCUSIGN_INTEGRATION_KEY", "7c2b8d7e"),
        ("CONTRACTOPS_SALESFORCE_BASE_URL", "https://acme.my.salesforce.com"),
        ("CONTRACTOPS_SALESFORCE_CLIENT_SECRET", "abc"),
        ("CONTRACTOPS_SMTP_HOST", "smtp.acme.example"),
        ("CONTRACTOPS_SMTP_PASSWORD", "abc"),
        ("OPENAI_API_KEY", "sk-1"),
    ],
)
def test_each_real_credential_is_named(name: str, value: str) -> None:
    """One real credential among local ones is enough, and its name is said."""
    assert real_credentials(LOCAL | {name: value}, model_given=False) == (name,)


def test_a_model_that_was_asked_for_may_have_its_key() -> None:
    """With a model named, OPENAI_API_KEY is meant."""
    assert real_credentials({"OPENAI_API_KEY": "sk-1"}, model_given=True) == ()


def test_the_process_ends_with_2_and_one_line(tmp_path: Path) -> None:
    """Exit 2, one line that names the variable and not its value."""
    command = [sys.executable, "-m", "contractops.operator.localworld", "--state", str(tmp_path)]
    environment = os.environ | {"SLACK_BOT_TOKEN": "xoxb-very-real"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "SLACK_BOT_TOKEN" in ended.stderr
    assert "very-real" not in ended.stderr
