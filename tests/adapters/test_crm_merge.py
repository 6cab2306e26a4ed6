"""Settling a planned write against the record of this moment."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.crm import CrmPatch, CrmRecord, FieldChange
from contractops.tools.crm_merge import merge, receipt, same

NOW = datetime(2026, 12, 14, 15, 5, tzinfo=UTC)
VALUES = st.sampled_from([None, "", "1", "1.0", "1.00", "2.50", "2027-04-07", "Ana", "Tom"])
NAMES = ("a", "b", "c")


def record(fields: dict[str, str | None], key: str | None = None) -> CrmRecord:
    return CrmRecord(contract_id="ENT-1", fields=fields, change_orders=(), modified_at=NOW, modified_by="J. Kim", renewal_key=key)


def test_amounts_are_compared_as_numbers_and_nothing_else_is() -> None:
    """17720 is 17720.00; 007 is not 7; 1e3 is no amount; nothing is empty."""
    assert same("17720", "17720.00")
    assert same(None, "")
    assert same("-1.50", "-1.5")
    assert not same("007", "7")
    assert not same("1e3", "1000")
    assert not same("Ana", "ana")
    assert not same(None, "0")


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)),
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES, VALUES), unique_by=lambda each: each[0]),
)
def test_a_value_nobody_planned_from_is_never_written_over(
    held: dict[str, str | None], planned: list[tuple[str, str | None, str | None]]
) -> None:
    """For any record and any plan: each field is written, settled or a conflict, and only the value we saw is written over."""
    changes = tuple(FieldChange(field=field, old=old, new=new) for field, old, new in planned)
    patch = CrmPatch(contract_id="ENT-1", renewal_key="k", changes=changes, add_change_orders=())
    merged = merge(record(held), patch)
    for change in merged.to_write:
        assert same(held[change.field], change.old)
    for conflict in merged.conflicts:
        assert not same(held[conflict.field], conflict.signed)
    after = record(held | {change.field: change.new for change in merged.to_write}, "k")
    done = receipt(patch, merged, after)
    assert sorted([*done.written, *(each.field for each in done.conflicts)]) == sorted(change.field for change in changes)
    assert done.mismatches == ()
    assert receipt(patch, merge(after, patch), after) == done
    assert merge(after, patch).to_write == ()
