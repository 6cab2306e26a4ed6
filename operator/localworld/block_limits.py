"""What Slack accepts as blocks and views: one table of shapes with their limits, and a walker over it.

Rules of this module:

1. A key that is not in the table is an error, and so is a missing required one: Slack refuses both.
2. Every finding names its place as a JSON pointer, in the form of Slack's `response_metadata.messages`.
3. Limits are Block Kit's published ones, in characters and in elements.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Rule: TypeAlias = Callable[[object, str], Iterator[str]]

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
IDENTIFIER: Final = 255


def message_findings(blocks: object) -> list[str]:
    """Why Slack refuses `blocks` of a message; empty when it takes them."""
    return [*_each(_one_of_types(MESSAGE_TYPES), most=MESSAGE_BLOCKS, least=0)(blocks, "/blocks"), *_twins(blocks)]


def view_findings(view: object) -> list[str]:
    """Why Slack refuses a modal or App Home `view`; empty when it takes it."""
    findings = [*_one_of_types(VIEWS)(view, "/view")]
    if not isinstance(view, dict):
        return findings
    findings += _twins(view.get("blocks"))
    blocks = view.get("blocks")
    has_input = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if view.get("type") == "modal" and has_input and not view.get("submit"):
        findings.append(_finding("missing required field: submit", "/view"))
    return findings


def _finding(what: str, place: str) -> str:
    return f"[ERROR] {what} [json-pointer:{place}]"


def _twins(blocks: object) -> Iterator[str]:
    """A block_id may stand once in a message, an action_id once in a block."""
    if not isinstance(blocks, list):
        return
    seen: set[object] = set()
    for index, block in enumerate(b for b in blocks if isinstance(b, dict)):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            yield _finding(f"block_id already exists: {block_id}", f"/blocks/{index}/block_id")
        seen.add(block_id)
        elements = block.get("elements")
        actions = [e.get("action_id") for e in elements if isinstance(e, dict)] if isinstance(elements, list) else []
        named = [action for action in actions if action is not None]
        if len(named) != len(set(named)):
            yield _finding("action_id already exists", f"/blocks/{index}/elements")


def _string(most: int, least: int = 1) -> Rule:
    def check(value: object, place: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _finding("must be a string", place)
        elif len(value) > most:
            yield _finding(f"must be less than {most + 1} characters", place)
        elif len(value) < least:
            yield _finding(f"must be more than {least - 1} characters", place)

    return check


def _flag(value: object, place: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _finding("must be a boolean", place)


def _number(value: object, place: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield _finding("must be a number", place)


def _within(least: int, most: int) -> Rule:
    def check(value: object, place: str) -> Iterator[str]:
        yield from _number(value, place)
        if isinstance(value, int) and not least <= value <= most:
            yield _finding(f"must be from {least} to {most}", place)

    return check


def _word(*words: str) -> Rule:
    def check(value: object, place: str) -> Iterator[str]:
        if value not in words:
            yield _finding(f"must be one of: {', '.join(words)}", place)

    return check


def _each(rule: Rule, most: int, least: int = 1) -> Rule:
    def check(value: object, place: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _finding("must be an array", place)
            return
        if len(value) > most:
            yield _finding(f"no more than {most} items allowed", place)
        if len(value) < least:
            yield _finding(f"no fewer than {least} items allowed", place)
        for index, item in enumerate(value):
            yield from rule(item, f"{place}/{index}")

    return check


def _shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    known = {**required, **(optional or {})}

    def check(value: object, place: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _finding("must be an object", place)
            return
        yield from (_finding(f"missing required field: {key}", place) for key in required if key not in value)
        for key, item in value.items():
            if key in known:
                yield from known[key](item, f"{place}/{key}")
            elif key != "type":
                yield _finding(f"additional property: {key}", place)

    return check


def _one_of_types(table: Mapping[str, Rule]) -> Rule:
    def check(value: object, place: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in table:
            yield _finding(f"unsupported type: {kind}", f"{place}/type")
            return
        yield from table[kind](value, place)

    return check


def _text(most: int, *kinds: str) -> Rule:
    shapes = {
        "plain_text": _shape({"text": _string(most)}, {"emoji": _flag}),
        "mrkdwn": _shape({"text": _string(most)}, {"verbatim": _flag}),
    }
    return _one_of_types({kind: shapes[kind] for kind in kinds})


def _plain(most: int) -> Rule:
    return _text(most, "plain_text")


def _any_text(most: int) -> Rule:
    return _text(most, "plain_text", "mrkdwn")


_ID: Final = _string(IDENTIFIER)
_URL: Final = _string(3000)
_CONFIRM: Final = _shape(
    {"title": _plain(100), "text": _any_text(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": _word("primary", "danger")},
)
_OPTION: Final = _shape({"text": _any_text(75), "value": _string(150)}, {"description": _any_text(75), "url": _URL})
_GROUP: Final = _shape({"label": _plain(75), "options": _each(_OPTION, 100)})
_DISPATCH: Final = _shape({"trigger_actions_on": _each(_word("on_enter_pressed", "on_character_entered"), 2)})


def _element(required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    return _shape(required, {"action_id": _ID, "focus_on_load": _flag, **optional})


def _choice(most: int, **more: Rule) -> Rule:
    return _element({"options": _each(_OPTION, most)}, {"confirm": _CONFIRM, **more})


def _select(**more: Rule) -> Rule:
    return _element({}, {"placeholder": _plain(150), "confirm": _CONFIRM, **more})


def _typed(**more: Rule) -> Rule:
    return _element({}, {"placeholder": _plain(150), "dispatch_action_config": _DISPATCH, **more})


_OPTIONS: Final = {"options": _each(_OPTION, 100), "option_groups": _each(_GROUP, 100)}
_TEXT_SIZE: Final = {"min_length": _number, "max_length": _number, "initial_value": _string(3000, 0)}

_ELEMENTS: Final[Mapping[str, Rule]] = {
    "button": _element(
        {"text": _plain(75)},
        {
            "value": _string(2000),
            "url": _URL,
            "style": _word("primary", "danger"),
            "confirm": _CONFIRM,
            "accessibility_label": _string(75),
        },
    ),
    "static_select": _select(**_OPTIONS, initial_option=_OPTION),
    "multi_static_select": _select(**_OPTIONS, initial_options=_each(_OPTION, 100), max_selected_items=_number),
    "users_select": _select(initial_user=_ID),
    "channels_select": _select(initial_channel=_ID, response_url_enabled=_flag),
    "conversations_select": _select(initial_conversation=_ID, default_to_current_conversation=_flag),
    "overflow": _choice(5),
    "datepicker": _select(initial_date=_string(10)),
    "timepicker": _select(initial_time=_string(5), timezone=_string(100)),
    "datetimepicker": _element({}, {"initial_date_time": _number, "confirm": _CONFIRM}),
    "radio_buttons": _choice(10, initial_option=_OPTION),
    "checkboxes": _choice(10, initial_options=_each(_OPTION, 10)),
    "plain_text_input": _typed(**_TEXT_SIZE, multiline=_flag),
    "number_input": _typed(is_decimal_allowed=_flag, initial_value=_string(75), min_value=_string(75), max_value=_string(75)),
    "email_text_input": _typed(initial_value=_string(3000)),
    "url_text_input": _typed(initial_value=_URL),
    "file_input": _element({}, {"filetypes": _each(_string(20), 100), "max_files": _within(1, 10)}),
    "image": _shape({"image_url": _URL, "alt_text": _string(2000)}),
}

_TYPED: Final = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input"})
"""Elements of an input block only."""
_IN_ACTIONS: Final = {kind: rule for kind, rule in _ELEMENTS.items() if kind not in _TYPED | {"image"}}
_IN_SECTION: Final = {kind: rule for kind, rule in _ELEMENTS.items() if kind not in _TYPED}
_IN_INPUT: Final = {kind: rule for kind, rule in _ELEMENTS.items() if kind not in {"button", "overflow", "image"}}
_IN_CONTEXT: Final[Mapping[str, Rule]] = {
    "image": _ELEMENTS["image"],
    "plain_text": _any_text(3000),
    "mrkdwn": _any_text(3000),
}


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return _shape(required, {"block_id": _ID, **(optional or {})})


def _section(value: object, place: str) -> Iterator[str]:
    yield from _block(
        {},
        {
            "text": _any_text(3000),
            "fields": _each(_any_text(2000), 10),
            "accessory": _one_of_types(_IN_SECTION),
            "expand": _flag,
        },
    )(value, place)
    if isinstance(value, dict) and not {"text", "fields"} & value.keys():
        yield _finding("missing required field: text or fields", place)


_BLOCKS: Final[Mapping[str, Rule]] = {
    "header": _block({"text": _plain(150)}),
    "section": _section,
    "divider": _block({}),
    "context": _block({"elements": _each(_one_of_types(_IN_CONTEXT), 10)}),
    "actions": _block({"elements": _each(_one_of_types(_IN_ACTIONS), 25)}),
    "image": _block({"image_url": _URL, "alt_text": _string(2000)}, {"title": _plain(2000)}),
    "input": _block(
        {"label": _plain(2000), "element": _one_of_types(_IN_INPUT)},
        {"optional": _flag, "dispatch_action": _flag, "hint": _plain(2000)},
    ),
}
MESSAGE_TYPES: Final[Mapping[str, Rule]] = {**_BLOCKS, "markdown": _block({"text": _string(12_000)})}

_VIEW_KEYS: Final[Mapping[str, Rule]] = {
    "private_metadata": _string(3000, 0),
    "callback_id": _string(IDENTIFIER, 0),
    "external_id": _string(IDENTIFIER, 0),
}
VIEWS: Final[Mapping[str, Rule]] = {
    "modal": _shape(
        {"title": _plain(24), "blocks": _each(_one_of_types(_BLOCKS), VIEW_BLOCKS)},
        {
            **_VIEW_KEYS,
            "submit": _plain(24),
            "close": _plain(24),
            "clear_on_close": _flag,
            "notify_on_close": _flag,
            "submit_disabled": _flag,
        },
    ),
    "home": _shape({"blocks": _each(_one_of_types(_BLOCKS), VIEW_BLOCKS)}, _VIEW_KEYS),
}


def interactive_elements(blocks: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(block_id, element) of everything in `blocks` that a person can use, in reading order."""
    for block in blocks:
        inside = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield str(block.get("block_id", "")), element
