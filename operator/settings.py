"""Settings: the only reader of the environment.

Rule 1: every variable begins with ``CONTRACTOPS_`` (the model's with ``OPENAI_``, as its own client names them).
Rule 2: a vendor without credentials is "not configured": the operator runs without it and says so; nothing is guessed.
Rule 3: rules of the business (authority, channels, quiet hours) stand in a policy file, TOML, whose default is package data.
"""

from __future__ import annotations

import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from contractops.tools.errors import InputError

for _name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
    del os.environ[_name]  # no trace of a renewal leaves this process, whatever the shell says
os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")


class Settings(BaseSettings):
    """Everything that differs between installations. Seconds are wall seconds."""

    model_config = SettingsConfigDict(env_prefix="CONTRACTOPS_", frozen=True, extra="ignore")

    database_url: str = "sqlite:///contractops.db"
    policy: Path = DEFAULT_POLICY

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    slack_app_id: str | None = None
    slack_team_id: str | None = None
    slack_pace_seconds: float = Field(default=1.0, ge=0)  # between two new messages of a channel: Slack hides the surplus

    docusign_host: str | None = None  # https://demo.docusign.net/restapi
    docusign_oauth_url: str = "https://account-d.docusign.com"
    docusign_account_id: str = ""
    docusign_integration_key: str = ""
    docusign_user_id: str = ""
    docusign_private_key: Path | None = None
    docusign_hmac_keys: str = ""  # comma-separated: several are accepted, so that keys can be rotated
    docusign_poll_seconds: float = Field(default=1200.0, gt=0)

    salesforce_url: str | None = None  # https://YOURDOMAIN.my.salesforce.com
    salesforce_client_id: str = ""
    salesforce_username: str = ""
    salesforce_private_key: Path | None = None
    salesforce_audience: str = "https://login.salesforce.com"
    salesforce_version: str = "v61.0"

    smtp_host: str | None = None  # without it no e-mail is sent
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: str = Field(default="starttls", pattern="^(starttls|tls|none)$")
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_from: str = ""  # desk@company.example

    public_url: str | None = None  # where web hooks reach us; without it envelopes are polled
    web_host: str = "127.0.0.1"
    web_port: int = 0  # 0: no web server
    clock_url: str | None = None  # a local world that moves business time

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    model: str | None = None

    engine_polling_seconds: float = Field(default=0.03, gt=0)
    recover_seconds: int = Field(default=60, ge=1, le=3600)
    worker_silent_seconds: float = Field(default=20.0, ge=1)  # after so long without a sign of life others take a worker's work over

    failpoint: str | None = None  # tests only: "{effect kind}:{point}"
    failpoint_log: Path | None = None

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The policy file as plain data. Raises ``InputError`` CO-SET-003 when it cannot be read."""
        try:
            return tomllib.loads(self.policy.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise InputError(
                "CO-SET-003", f"policy file {self.policy}: {problem}", advice="Mend the file or unset CONTRACTOPS_POLICY."
            ) from None


def load(**overrides: Any) -> Settings:
    """Settings from the environment, with ``overrides`` on top. Raises ``InputError`` CO-SET-002 naming the variable."""
    try:
        return Settings(**overrides)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = f"CONTRACTOPS_{'.'.join(str(part) for part in first['loc'])}".upper()
        raise InputError("CO-SET-002", f"setting {name}: {first['msg']}", advice="Correct or unset the variable.") from None
