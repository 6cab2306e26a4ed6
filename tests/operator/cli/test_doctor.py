"""Claims about contractops doctor: each thing that can be wrong is named, with what to do, and no secret is printed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contractops.operator import demo
from contractops.operator.doctor_vendors import needed_scopes
from tests.localworld.worlds import RunningWorld, start_world
from tests.operator.cli.conftest import SAMPLE, Ran, run
from tests.postgres import databases

BOT, APP, HMAC = "xoxb-local", "xapp-local", "local-hmac-1"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningWorld, dict[str, str], str]]:
    """A local world seeded for the sample, the settings that point to it, and the key file's text."""
    folder = tmp_path_factory.mktemp("world")
    public = demo._make_key(folder / "key.pem")
    with start_world(folder / "state", seed=demo.seed(SAMPLE, public)) as world:
        port = int(world.url.rstrip("/").rsplit(":", 1)[1])
        settings = demo.Place(folder, port, 1, world.get("/_world/mail")["smtp_port"]).environment()
        mine = {name: value for name, value in settings.items() if name.startswith("CONTRACTOPS_") and name != "CONTRACTOPS_DATABASE_URL"}
        yield world, mine, (folder / "key.pem").read_text()


def checks(found: Ran) -> dict[str, dict[str, Any]]:
    """The checks of a JSON answer by name."""
    return {each["name"]: each for each in found.json["checks"]}


def test_nothing_configured_works_and_is_said(portfolio: Path) -> None:
    found = run("doctor", db=portfolio)
    assert found.status == 1
    lines = found.out.splitlines()
    assert "ok    settings        Slack, DocuSign, Salesforce, e-mail and model not configured" in lines
    assert "warn  Slack           not configured" in lines
    assert "warn  e-mail          not configured" in lines
    assert "ok    CRM             embedded: no Salesforce is configured" in lines
    assert all(lines[number + 1].startswith("      -> ") for number, line in enumerate(lines) if line.startswith(("warn", "fail")))


def test_a_whole_installation_is_checked_without_printing_a_secret(own_copy: Path, place: tuple[RunningWorld, dict[str, str], str]) -> None:
    """Token, scopes, socket, signing account, CRM fields and clocks are asked for; only the worker that never ran is open."""
    _world, settings, key = place
    found = run("doctor", "--json", db=own_copy, **settings)
    seen = checks(found)
    names = ("Slack", "Slack socket", "clock", "DocuSign", "Salesforce", "e-mail", "people", "owners", "database")
    assert {name: seen[name]["status"] for name in names} == dict.fromkeys(names, "ok")
    assert seen["engine"]["status"] == "warn"
    assert found.status == found.json["exit_status"] == 1
    everything = found.out + found.err
    assert not [secret for secret in (BOT, APP, HMAC, *key.splitlines()[1:3]) if secret in everything]


def test_a_missing_scope_is_named_with_what_to_do(own_copy: Path, place: tuple[RunningWorld, dict[str, str], str], tmp_path: Path) -> None:
    _world, settings, _key = place
    granted = sorted(needed_scopes() - {"users:read.email"})
    with start_world(tmp_path / "narrow", seed={"slack": {"scopes": granted}}) as narrow:
        found = run("doctor", db=own_copy, **{**settings, "CONTRACTOPS_SLACK_API_URL": f"{narrow.url.rstrip('/')}/slack/api/"})
    lines = found.out.splitlines()
    place_of = lines.index("warn  Slack           scope users:read.email missing")
    assert lines[place_of + 1] == "      -> add it under OAuth & Permissions, reinstall, run doctor again"


def test_the_scopes_needed_are_those_of_the_manifest() -> None:
    assert {"app_mentions:read", "chat:write", "commands", "users:read.email", "files:read", "files:write"} <= needed_scopes()
    assert len(needed_scopes()) == 14


def test_a_vendor_that_does_not_answer_ends_with_5(own_copy: Path) -> None:
    settings = {"CONTRACTOPS_SLACK_BOT_TOKEN": BOT, "CONTRACTOPS_SLACK_API_URL": "http://127.0.0.1:9/"}
    found = run("doctor", "--json", db=own_copy, **settings)
    assert found.status == 5
    assert checks(found)["Slack"]["status"] == "fail"
    assert checks(found)["database"]["status"] == "ok", "a check that fails stops no other"


def test_a_mail_server_that_does_not_answer_ends_with_5(own_copy: Path) -> None:
    settings = {"CONTRACTOPS_SMTP_HOST": "127.0.0.1", "CONTRACTOPS_SMTP_PORT": "9", "CONTRACTOPS_SMTP_FROM": "desk@prairie.example"}
    found = run("doctor", "--json", db=own_copy, **settings, CONTRACTOPS_SMTP_SECURITY="none")
    assert found.status == 5
    assert checks(found)["e-mail"]["status"] == "fail"
    assert checks(found)["e-mail"]["advice"] == "Check CONTRACTOPS_SMTP_HOST and _PORT."


def test_a_field_that_is_not_unique_at_the_crm_is_named(own_copy: Path, place: tuple[RunningWorld, dict[str, str], str]) -> None:
    """A write by an external id that is not unique could reach two records."""
    world, settings, _key = place
    flags = {"object": "Contract", "field": "MSA_Number__c"}
    world.post("/_world/salesforce/describe", {**flags, "unique": False})
    found = run("doctor", "--json", db=own_copy, **settings)
    world.post("/_world/salesforce/describe", {**flags, "unique": True})
    assert found.status == 5
    assert checks(found)["Salesforce"]["said"] == "Contract.MSA_Number__c is not External ID and Unique."


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"CONTRACTOPS_RECOVER_SECONDS": "soon"}, "settings"),
        ({"CONTRACTOPS_POLICY": "/nowhere/policy.toml"}, "policy"),
        ({"CONTRACTOPS_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "database"),
        ({"CONTRACTOPS_DOCUSIGN_HOST": "http://127.0.0.1:9/restapi"}, "DocuSign"),
        ({"CONTRACTOPS_SMTP_HOST": "127.0.0.1"}, "e-mail"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_with_3(variables: dict[str, str], name: str, tmp_path: Path) -> None:
    with_database = {"CONTRACTOPS_DATABASE_URL": databases.url_of(tmp_path / "new.db"), **variables}
    found = run("doctor", "--json", **with_database)
    assert found.status == 3
    failed = checks(found)[name]
    assert failed["status"] == "fail"
    assert failed["advice"]


def test_contracts_nobody_owns_are_listed(own_copy: Path) -> None:
    with databases.sql(own_copy) as execute:
        execute("UPDATE account SET owner_id = NULL WHERE id = 'northwind'")
    owners = checks(run("doctor", "--json", db=own_copy))["owners"]
    assert owners["status"] == "warn"
    assert "ENT-3391" in owners["said"]


def test_whom_slack_does_not_reach_is_named(own_copy: Path) -> None:
    with databases.sql(own_copy) as execute:
        execute("INSERT INTO unreached VALUES ('maria.ortiz', '2027-01-01 00:00:00.000000', 'user_disabled')")
    reached = checks(run("doctor", "--json", db=own_copy))["reached"]
    assert (reached["status"], reached["said"]) == ("warn", "Slack delivers nothing to maria.ortiz")
