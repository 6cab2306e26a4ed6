"""What a person typed and chose, in Slack's wire form, and what Slack itself refuses before it asks the app.

Rules of this module:

1. A value that was not given is the element's initial one, as on the screen.
2. Slack checks presence, length and range itself; the app is not asked while a field is wrong.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from contractops.operator.localworld.world import Document

ONE_OF: Final = frozenset({"static_select", "radio_buttons", "overflow"})
SEVERAL_OF: Final = frozenset({"checkboxes", "multi_static_select"})
FILES: Final = "file_input"
PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
}
"""Element type -> (key of the value on the wire, key of the initial value)."""
MISSING: Final = object()


def entry_of(element: Mapping[str, Any], given: object = MISSING) -> Document:
    """The state entry of `element`: `given` (text, or a list of values for several or of file ids), else the initial value.

    Raises ValueError when `given` is not among the element's options.
    """
    kind = element["type"]
    if kind in ONE_OF:
        chosen = element.get("initial_option") if given is MISSING else _option(element, given)
        return {"type": kind, "selected_option": chosen}
    if kind in SEVERAL_OF:
        wanted = given if isinstance(given, list) else [given]
        several = element.get("initial_options", []) if given is MISSING else [_option(element, v) for v in wanted if v]
        return {"type": kind, "selected_options": [option for option in several if option]}
    if kind == FILES:
        ids = given if isinstance(given, list) else []
        return {"type": kind, "files": [{"id": str(one)} for one in ids if one]}
    wire, initial = PLAIN[kind]
    value = element.get(initial) if given is MISSING else given
    return {"type": kind, wire: value if value != "" else None}


def options_of(element: Mapping[str, Any]) -> list[Document]:
    """Every option of a choice, groups flattened."""
    grouped = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *grouped]


def _option(element: Mapping[str, Any], value: object) -> Document | None:
    if value in {None, ""}:
        return None
    found = next((option for option in options_of(element) if option["value"] == str(value)), None)
    if found is None:
        message = f"{value} is not an option of {element['action_id']}"
        raise ValueError(message)
    return found


def state_values(blocks: list[Document], given: Mapping[str, Any]) -> dict[str, Document]:
    """`state.values` of a view or message: block id -> action id -> entry.

    `given` maps a block id to a value, or to {action id: value}. Raises ValueError for a block or option that is not there.
    """
    fields = {(block_id, element["action_id"]): element for block_id, element in _stateful(blocks)}
    unknown = set(given) - {block_id for block_id, _ in fields}
    if unknown:
        message = f"no such field: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    values: dict[str, Document] = {}
    for (block_id, action_id), element in fields.items():
        raw = given.get(block_id, MISSING)
        one = raw.get(action_id, MISSING) if isinstance(raw, Mapping) else raw
        values.setdefault(block_id, {})[action_id] = entry_of(element, one)
    return values


def _stateful(blocks: list[Document]) -> list[tuple[str, Document]]:
    """(block id, element) of everything that holds a value: inputs, and selects in sections and action rows."""
    found = []
    for block in blocks:
        for element in [block.get("element"), block.get("accessory"), *block.get("elements", ())]:
            kind = element.get("type") if isinstance(element, dict) else None
            if element and (kind in PLAIN or kind in SEVERAL_OF or kind in {"static_select", "radio_buttons", FILES}):
                found.append((block["block_id"], element))
    return found


def field_errors(blocks: list[Document], values: Mapping[str, Document]) -> dict[str, str]:
    """What Slack's own form check says, by block id; empty when the form can be sent."""
    errors = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            entry = values[block["block_id"]][element["action_id"]]
            problem = _problem(element, entry, optional=bool(block.get("optional")))
            if problem:
                errors[block["block_id"]] = problem
    return errors


def _problem(element: Mapping[str, Any], entry: Document, *, optional: bool) -> str:
    value = next(item for key, item in entry.items() if key != "type")
    if value in (None, [], ""):
        return "" if optional else "Please complete this required field."
    if element["type"] == "number_input":
        return _number_problem(element, str(value))
    if element["type"] == "plain_text_input":
        return _length_problem(element, str(value))
    return _file_problem(element, value) if element["type"] == FILES else ""


def _file_problem(element: Mapping[str, Any], files: list[Document]) -> str:
    if len(files) > element.get("max_files", 10):
        return f"Choose at most {element.get('max_files', 10)}."
    kinds = element.get("filetypes")
    wrong = [file["name"] for file in files if kinds and str(file["name"]).rpartition(".")[2].lower() not in kinds]
    return f"{wrong[0]} is not one of: {', '.join(kinds or ())}." if wrong else ""


def _number_problem(element: Mapping[str, Any], text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return "Enter a number."
    if not number.is_finite() or (not element.get("is_decimal_allowed") and number != number.to_integral_value()):
        return "Enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Must be {element['min_value']} or more."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Must be {element['max_value']} or less."
    return ""


def _length_problem(element: Mapping[str, Any], text: str) -> str:
    if len(text) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters."
    if len(text) > element.get("max_length", 3000):
        return f"Must be at most {element.get('max_length', 3000)} characters."
    return ""
