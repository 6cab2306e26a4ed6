"""The table of block limits by itself: views, elements, and the edges of each size."""

from typing import Any

import pytest

from contractops.operator.localworld.block_limits import message_findings, view_findings

Body = dict[str, Any]


def plain(text: str) -> Body:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def section(text: str) -> Body:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


FIELD = {"type": "input", "block_id": "n", "label": plain("Note"), "element": {"type": "plain_text_input", "action_id": "v"}}
MODAL = {"type": "modal", "title": plain("Edit"), "submit": plain("Save"), "blocks": [FIELD]}


@pytest.mark.parametrize(
    ("block", "size"),
    [
        (lambda n: {"type": "header", "text": plain("x" * n)}, 150),
        (lambda n: section("x" * n), 3000),
        (lambda n: {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * n}]}, 2000),
        (lambda n: {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * n}, 10),
        (lambda n: {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * n}, 10),
        (lambda n: {"type": "markdown", "text": "x" * n}, 12_000),
        (lambda n: {"type": "divider", "block_id": "x" * n}, 255),
        (lambda n: {"type": "actions", "elements": [{"type": "button", "text": plain("x" * n)}]}, 75),
        (lambda n: {"type": "actions", "elements": [{"type": "button", "text": plain("Go")}] * n}, 25),
    ],
)
def test_the_limit_passes_and_one_more_does_not(block: Any, size: int) -> None:
    """Each size is accepted up to its limit and refused beyond it."""
    assert message_findings([block(size)]) == []
    assert message_findings([block(size + 1)]) != []


def test_a_whole_modal_passes() -> None:
    """The smallest useful form has no finding."""
    assert view_findings(MODAL) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"title": plain("x" * 25)}, "less than 25"),
        ({"submit": None}, "submit"),
        ({"private_metadata": "x" * 3001}, "less than 3001"),
        ({"blocks": [section("x")] * 101}, "no more than 100"),
        ({"blocks": [FIELD, FIELD]}, "block_id already exists"),
        ({"colour": "red"}, "additional property: colour"),
        ({"type": "window"}, "unsupported type: window"),
        ({"blocks": [FIELD | {"element": {"type": "button", "text": plain("x")}}]}, "unsupported type: button"),
    ],
)
def test_a_view_is_refused_by_name(change: Body, word: str) -> None:
    """Each defect of a view is named."""
    assert any(word in finding for finding in view_findings(MODAL | change))


def test_a_file_input_stands_in_an_input_block_only() -> None:
    """Endings and a number of files from 1 to 10; no other place and no other key."""
    element = {"type": "file_input", "action_id": "v", "filetypes": ["pdf"], "max_files": 1}
    field = FIELD | {"element": element}
    assert view_findings(MODAL | {"blocks": [field]}) == []
    for broken in ({"max_files": 0}, {"max_files": 11}, {"filetypes": "pdf"}, {"placeholder": plain("x")}):
        assert view_findings(MODAL | {"blocks": [FIELD | {"element": element | broken}]}) != []
    assert view_findings(MODAL | {"blocks": [field, {"type": "actions", "elements": [element]}]}) != []


def test_a_home_needs_no_title_but_no_modal_keys() -> None:
    """App Home is blocks alone; a submit button on it is foreign."""
    home = {"type": "home", "blocks": [section("x")]}
    assert view_findings(home) == []
    assert view_findings(home | {"submit": plain("Save")}) != []


@pytest.mark.parametrize("broken", [None, "text", 7, [None], [[]], [{"type": ["x"]}], [{}]])
def test_nonsense_is_a_finding_not_a_crash(broken: Any) -> None:
    """Whatever arrives as blocks is answered with findings."""
    assert message_findings(broken) != []
    assert view_findings(broken) != []
