"""Claims about the settings: where they come from, what the example file says of them, and what is refused."""

import re
import tomllib
import traceback
from pathlib import Path

import pytest

from contractops.operator.settings import DEFAULT_POLICY, Settings, load, secret_names, variable
from contractops.tools.errors import InputError
from tests.architecture.source import ROOT

EXAMPLE = ROOT / "settings.example.toml"
LINE = re.compile(r"# ([a-z_]+ = .*)")


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_example_file_lists_every_setting_with_meaning_and_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the code, each below its meaning; with every # taken away it gives exactly the defaults."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    places = [place for place, line in enumerate(lines) if LINE.fullmatch(line)]
    settings = [LINE.fullmatch(lines[place]).group(1) for place in places]
    names = [one.partition(" = ")[0] for one in settings]
    assert names == [name for name in Settings.model_fields if name == "database_url" or name not in secret_names()]
    for place in places:
        assert re.fullmatch(r"# .*\.", lines[place - 1]), f"no meaning above: {lines[place]}"
    monkeypatch.setenv("CONTRACTOPS_SETTINGS", written(tmp_path / "all.toml", "\n".join(settings)))
    assert load() == Settings.model_construct(**{name: field.default for name, field in Settings.model_fields.items()})
    values = tomllib.loads("\n".join(settings))
    for name in names:
        default = Settings.model_fields[name].default
        assert values[name] == ("" if default in {None, DEFAULT_POLICY} else default), name


def test_the_example_file_names_every_secret() -> None:
    """Each secret setting by its variable, and no other."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert re.findall(r"^#   ((?:CONTRACTOPS|OPENAI)_[A-Z_]+)", text, re.MULTILINE) == [variable(name) for name in secret_names()]


def test_a_variable_counts_before_the_file_and_an_empty_one_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is: argument, variable, settings file, default."""
    monkeypatch.setenv(
        "CONTRACTOPS_SETTINGS", written(tmp_path / "s.toml", 'web_port = 8080\nsmtp_host = "mail.example"\nmetrics = true\n')
    )
    monkeypatch.setenv("CONTRACTOPS_WEB_PORT", "9090")
    monkeypatch.setenv("CONTRACTOPS_SMTP_HOST", "")
    found = load(web_host="127.0.0.2")
    assert (found.web_port, found.smtp_host, found.metrics, found.web_host) == (9090, "mail.example", True, "127.0.0.2")


@pytest.mark.parametrize("name", secret_names())
def test_a_secret_comes_from_the_file_that_its_variable_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line end of the file is no part of it, and both ways at once are refused without a word of either."""
    secret = "postgresql+psycopg://me:marked-secret@host/name" if name == "database_url" else "marked-secret"
    monkeypatch.setenv(f"{variable(name)}_FILE", written(tmp_path / "secret", secret + "\n"))
    value = getattr(load(), name)
    assert (value if isinstance(value, str) else value.get_secret_value()) == secret
    assert "marked-secret" not in repr(load())
    monkeypatch.setenv(variable(name), secret)
    with pytest.raises(InputError) as refused:
        load()
    assert refused.value.code == "CO-SET-005"
    assert "marked-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('slack_bot_token = "marked-secret"', "CO-SET-008"),
        ('openai_api_key = "marked-secret"', "CO-SET-008"),
        ('database_url = "postgresql+psycopg://me:marked-secret@host/name"', "CO-SET-008"),
        ('slack_bot_tokn = "marked-secret"', "CO-SET-008"),
        ('slack_app_id = "marked-secret', "CO-SET-007"),
        ('web_port = "marked-secret"', "CO-SET-002"),
        ('smtp_security = "marked-secret"', "CO-SET-002"),
    ],
)
def test_what_may_not_stand_in_the_file_is_refused_unquoted(text: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret, a name that is none, a file that is no TOML, a value of the wrong kind: with a stable code, and never repeated."""
    monkeypatch.setenv("CONTRACTOPS_SETTINGS", written(tmp_path / "s.toml", text))
    with pytest.raises(InputError) as refused:
        load()
    assert refused.value.code == code
    assert refused.value.advice
    assert "marked" not in str(refused.value)
    assert "marked" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("content", [None, "", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_used_is_named(content: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absent, empty, no text."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("CONTRACTOPS_SMTP_PASSWORD_FILE", str(path))
    with pytest.raises(InputError) as refused:
        load()
    assert refused.value.code == "CO-SET-006"
    assert "CONTRACTOPS_SMTP_PASSWORD_FILE" in refused.value.message
