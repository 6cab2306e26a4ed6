"""Claims about values that are filled without validation: nobody can tell them from validated ones."""

from contractops.tools.values import ClauseRef, Reason, filled, reason

FIELDS = {"code": "window.counted", "values": {"from": "2027-01-31", "days": 60}, "clause": ClauseRef(document="MSA", clause="9.2")}


def test_a_filled_value_is_the_validated_one() -> None:
    """Equal, with the same hash of its JSON, the same fields set, and valid when it is read back."""
    made, validated = filled(Reason, dict(FIELDS)), Reason(**FIELDS)
    assert made == validated
    assert made.model_dump_json() == validated.model_dump_json()
    assert made.model_fields_set == validated.model_fields_set
    assert Reason.model_validate_json(made.model_dump_json()) == made
    assert reason(**FIELDS) == made


def test_a_copy_of_a_filled_value_leaves_the_others_alone() -> None:
    """The names of the fields are shared among filled values; a copy with a change touches neither them nor the original."""
    made = reason("window.counted", {"days": 60})
    changed = made.model_copy(update={"clause": ClauseRef(document="MSA")})
    changed.model_fields_set.discard("code")
    assert made.clause is None
    assert made.model_fields_set == {"code", "values", "clause"}
    assert filled(Reason, dict(FIELDS)).model_fields_set == {"code", "values", "clause"}


def test_every_class_of_values_knows_its_own_fields() -> None:
    """A class that inherits fields fills those too."""

    class Noted(Reason):
        note: str

    made = filled(Noted, {**FIELDS, "note": "seen"})
    assert made == Noted(**FIELDS, note="seen")
    assert Reason.every_field == {"code", "values", "clause"}
