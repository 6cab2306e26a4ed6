"""Prompt files: complete, exact about their variables, and never a place for a user's text to become instructions."""

import hashlib
from importlib.resources import files

import pytest

from contractops.prompts.loader import load, parse
from contractops.tools.errors import InvariantError

GOOD = "---\nname: x\nversion: 1\nvariables: [who, what]\noutput:\n  text: string\n---\nTell {{who}} about {{what}}.\n"
NAMES = sorted(each.name.removesuffix(".md") for each in files("contractops.prompts").iterdir() if each.name.endswith(".md"))


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_file_can_be_loaded_and_is_hashed(name: str) -> None:
    """The digest is the SHA-256 of the file."""
    prompt = load(name)
    assert prompt.digest == hashlib.sha256(files("contractops.prompts").joinpath(f"{name}.md").read_bytes()).hexdigest()
    assert prompt.answer_schema()["additionalProperties"] is False


def test_values_are_put_in_once_and_stay_text() -> None:
    """A value that looks like a variable is not read again."""
    assert parse("x", GOOD).fill({"who": "{{what}}", "what": "\\1 {{who}}"}) == "Tell {{what}} about \\1 {{who}}."


@pytest.mark.parametrize("values", [{}, {"who": "a"}, {"who": "a", "what": "b", "more": "c"}])
def test_missing_and_unknown_variables_are_errors(values: dict[str, str]) -> None:
    """A call must give exactly the variables of the file."""
    with pytest.raises(InvariantError):
        parse("x", GOOD).fill(values)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("{{what}}", "it"), GOOD.replace("{{what}}", "{{which}}"), GOOD.replace("version: 1", "version: one"), GOOD.replace("name: x", "name: y"),
        GOOD.replace("version: 1\n", ""), GOOD.replace("output:\n  text: string\n", "output:\n"), GOOD.replace("string", "markdown"),
        GOOD.replace("version", "edition"), GOOD.removeprefix("---\n"), "", "---\n---\n", GOOD.replace("[who, what]", "who, what"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused(text: str) -> None:
    """Unused or undeclared variables, another name, a missing or unknown key, another type, no front matter."""
    with pytest.raises(InvariantError):
        parse("x", text)
