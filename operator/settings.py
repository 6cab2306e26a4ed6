"""Settings: the only reader of the environment.

Rule 1: every variable begins with ``CONTRACTOPS_`` (the model's with ``OPENAI_``, as its own client names them). A variable counts before
the settings file that ``CONTRACTOPS_SETTINGS`` names; an empty value is no value.
Rule 2: a vendor without credentials is "not configured": the operator runs without it and says so; nothing is guessed.
Rule 3: rules of the business (authority, channels, quiet hours) stand in a policy file, TOML, whose default is package data.
Rule 4: a secret comes from its variable, or from the file that its variable with ``_FILE`` behind it names; never from the settings file.
Whatever is read is hidden from logs and errors from then on.
"""

from __future__ import annotations

import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from contractops.operator.redaction import hide
from contractops.tools.errors import InputError

for _name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
    del os.environ[_name]  # no trace of a renewal leaves this process, whatever the shell says
os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")
SETTINGS_FILE: Final = "CONTRACTOPS_SETTINGS"
"""Variable that names the settings file."""


class Settings(BaseSettings):
    """Everything that differs between installations. Seconds are wall seconds."""

    model_config = SettingsConfigDict(
        env_prefix="CONTRACTOPS_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str = Field(default="sqlite:///contractops.db", repr=False)  # may hold a password: then it is a secret
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
    docusign_hmac_keys: SecretStr | None = None  # comma-separated: several are accepted, so that keys can be rotated
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
    metrics: bool = False  # whether the web server answers /metrics
    clock_url: str | None = None  # a local world that moves business time

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    model: str | None = None

    engine_polling_seconds: float = Field(default=0.03, gt=0)
    recover_seconds: int = Field(default=60, ge=1, le=3600)
    worker_silent_seconds: float = Field(default=20.0, ge=1)  # after so long without a sign of life others take a worker's work over
    stop_seconds: float = Field(default=35.0, gt=0, le=600)  # a stop waits so long for jobs: more than any vendor's call may take

    keep_inbox_days: int = Field(default=30, ge=0)  # raw Slack payloads and web hooks; 0: for ever, as in the next two
    keep_terms_days: int = Field(default=3650, ge=0)  # drafts, cards, envelopes of a term, from the day on which it was closed
    keep_documents_days: int = Field(default=3650, ge=0)  # bytes of documents, from the day on which the contract's last term was closed

    failpoint: str | None = None  # tests only: "{effect kind}:{point}"
    failpoint_log: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then files of secrets, then the settings file."""
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, init_kwargs=_files_of_secrets()),
            InitSettingsSource(settings_cls, init_kwargs=_settings_file()),
        )

    @property
    def hmac_keys(self) -> tuple[str, ...]:
        """The keys of DocuSign's web hooks."""
        written = self.docusign_hmac_keys.get_secret_value() if self.docusign_hmac_keys else ""
        return tuple(key.strip() for key in written.split(",") if key.strip())

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The policy file as plain data. Raises ``InputError`` CO-SET-003 when it cannot be read."""
        try:
            return tomllib.loads(self.policy.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise InputError(
                "CO-SET-003", f"policy file {self.policy}: {problem}", advice="Mend the file or unset CONTRACTOPS_POLICY."
            ) from None


def variable(name: str) -> str:
    """The environment variable of the setting ``name``."""
    return str(Settings.model_fields[name].validation_alias or f"CONTRACTOPS_{name}".upper())


def secret_names() -> tuple[str, ...]:
    """Names of the secret settings, in their order; the database's address counts, since it may hold a password."""
    fields = Settings.model_fields.items()
    return tuple(name for name, field in fields if name == "database_url" or "SecretStr" in str(field.annotation))


def load(**overrides: Any) -> Settings:
    """Settings from the environment and its files, with ``overrides`` on top; their secrets are hidden from here on.

    Raises ``InputError``: CO-SET-002 names the setting that is wrong, CO-SET-005 to CO-SET-008 say what is wrong with a file.
    """
    try:
        found = Settings(**overrides)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_context=False)[0]
        name = str(first["loc"][0])
        shown = variable(name) if name in Settings.model_fields else name
        raise InputError("CO-SET-002", f"setting {shown}: {first['msg']}", advice="Correct or unset it.") from None
    for name in secret_names():
        value = getattr(found, name)
        if isinstance(value, SecretStr):
            for part in value.get_secret_value().split(","):  # several keys of a web hook
                hide(part)
    for password in _passwords(found.database_url):
        hide(password)
    return found


def _files_of_secrets() -> dict[str, str]:
    """Secrets whose variable with ``_FILE`` behind it names a file; the end of the file's last line is not part of them."""
    found = {}
    for name in secret_names():
        named = variable(name)
        path = os.environ.get(f"{named}_FILE")
        if not path:
            continue
        if os.environ.get(named):
            raise InputError("CO-SET-005", f"both {named} and {named}_FILE are set", advice="Unset one of them.")
        try:
            value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as problem:
            raise InputError(
                "CO-SET-006", f"{named}_FILE: {path} cannot be read ({type(problem).__name__})", advice="Name a text file."
            ) from None
        if not value:
            raise InputError("CO-SET-006", f"{named}_FILE: {path} is empty", advice=f"Write the secret into it, or unset {named}_FILE.")
        found[_alias(name)] = value
    return found


def _settings_file() -> dict[str, Any]:
    """What the settings file says, by alias. Raises ``InputError`` CO-SET-007 (not readable) and CO-SET-008 (a name that may not stand there)."""
    path = os.environ.get(SETTINGS_FILE)
    if not path:
        return {}
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:  # the parser's text may quote the file
        raise InputError(
            "CO-SET-007", f"settings file {path} cannot be read ({type(problem).__name__})", advice=f"Mend it or unset {SETTINGS_FILE}."
        ) from None
    for name, value in said.items():
        if name not in Settings.model_fields:
            raise InputError(
                "CO-SET-008", f"settings file {path}: there is no setting {name}", advice="Compare it with settings.example.toml."
            )
        if name in secret_names() and (name != "database_url" or _passwords(str(value))):
            advice = f"Set {variable(name)}, or name a file in {variable(name)}_FILE, and take it out of the settings file."
            raise InputError("CO-SET-008", f"settings file {path}: {name} is a secret", advice=advice)
    return {_alias(name): value for name, value in said.items() if value != ""}  # False and 0 are values


def _alias(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or name)


def _passwords(database_url: str) -> tuple[str, ...]:
    """The password in the address, as it stands there and as it is meant; none when there is none."""
    try:
        written = urlsplit(database_url).password
    except ValueError:
        return ()
    return (written, unquote(written)) if written else ()
