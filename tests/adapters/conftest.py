"""A local world in a process of its own, and the real adapters pointed at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contractops.operator.adapters.docusign import DocuSign, DocuSignConfig
from contractops.operator.adapters.docusign_calls import Timeouts
from contractops.operator.adapters.salesforce import Salesforce, SalesforceConfig
from tests.localworld.worlds import RunningWorld, start_world


def wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Keys:
    private: str
    public: str


@pytest.fixture(scope="session")
def keys() -> Keys:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Keys(pem.decode(), public.decode())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[RunningWorld]:
    seed = {"docusign": {"public_key": keys.public}, "salesforce": {"public_key": keys.public}}
    with start_world(tmp_path_factory.mktemp("world"), seed=seed) as world:
        yield world


@pytest.fixture
def world(running: RunningWorld) -> Iterator[RunningWorld]:
    """The module's world, without faults of the test before."""
    yield running
    clear_faults(running)


def clear_faults(world: RunningWorld) -> None:
    import httpx

    httpx.delete(f"{world.url}/_world/faults", trust_env=False).raise_for_status()


def docusign_config(url: str, keys: Keys) -> DocuSignConfig:
    return DocuSignConfig(
        base_url=f"{url}/restapi", account_id="acc-local", token_url=f"{url}/oauth/token", audience=url.removeprefix("http://"),
        integration_key="local-integration-key", user_id="local-user", private_key=keys.private, timeouts=Timeouts(connect=2, read=3),
    )  # fmt: skip


def salesforce_config(url: str, keys: Keys) -> SalesforceConfig:
    return SalesforceConfig(
        login_url=f"{url}/sf", client_id="local-client", username="desk@operator.example", private_key=keys.private,
        retry_wait=0.0, read_timeout=3.0,
    )  # fmt: skip


@pytest.fixture
def docusign_with(world: RunningWorld, keys: Keys) -> Iterator[Callable[..., DocuSign]]:
    """Adapters with some settings changed, closed after the test."""
    made: list[DocuSign] = []

    def make(**changes: Any) -> DocuSign:
        made.append(DocuSign(replace(docusign_config(world.url, keys), **changes), wall))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def docusign(docusign_with: Callable[..., DocuSign]) -> DocuSign:
    return docusign_with()


@pytest.fixture
def salesforce_with(world: RunningWorld, keys: Keys) -> Iterator[Callable[..., Salesforce]]:
    """Adapters with some settings changed, closed after the test."""
    made: list[Salesforce] = []

    def make(**changes: Any) -> Salesforce:
        made.append(Salesforce(replace(salesforce_config(world.url, keys), **changes), wall))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def salesforce(salesforce_with: Callable[..., Salesforce]) -> Salesforce:
    return salesforce_with()
