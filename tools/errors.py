"""The error family: whose fault it is stands in the type, what happened in a stable code.

ContractOpsError
├── InputError        ours to report: a file, a setting or an argument is unusable          (exit 3)
├── NotFound          what was asked for is not there                                       (exit 4)
├── VendorError       the vendor or the network failed; ``retry_at`` says when to try again (exit 5)
│   ├── OutcomeUnknown    the call may or may not have taken effect: look it up before any retry
│   └── Unreachable       this person cannot be reached there: somebody else must be told
├── Refused           a rule or a missing authority forbids it                              (exit 6)
├── Conflict          somebody was first; read the state again and route again
└── InvariantError    a program fault: a promise of the code does not hold                  (exit 70)
"""

from __future__ import annotations

from datetime import datetime


class ContractOpsError(Exception):
    """Base of all errors of the product. ``code`` is stable (``CO-IMP-014``); ``advice`` says what to do next."""

    exit_status = 70

    def __init__(self, code: str, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.code}  {self.message}" + (f"\n{self.advice}" if self.advice else "")


class InputError(ContractOpsError):
    """Input that cannot be used; nothing was written."""

    exit_status = 3


class NotFound(ContractOpsError):
    """The thing named does not exist."""

    exit_status = 4


class VendorError(ContractOpsError):
    """A vendor refused or did not answer. ``retry_at`` (aware, wall time) is the earliest useful retry; ``permanent`` means never."""

    exit_status = 5

    def __init__(self, code: str, message: str, *, advice: str = "", retry_at: datetime | None = None, permanent: bool = False) -> None:
        super().__init__(code, message, advice=advice)
        self.retry_at = retry_at
        self.permanent = permanent


class OutcomeUnknown(VendorError):
    """The request left us and no answer came back. It may have taken effect."""


class Unreachable(VendorError):
    """The vendor delivers nothing to this person (gone, closed): a repetition does not heal it, but others can be reached."""

    def __init__(self, code: str, message: str, *, advice: str = "") -> None:
        super().__init__(code, message, advice=advice, permanent=True)


class Refused(ContractOpsError):
    """A rule or a missing authority forbids the act; nothing was changed."""

    exit_status = 6


class Conflict(ContractOpsError):
    """A compare-and-set was lost: the state is newer than what was read. Read again and route again."""

    exit_status = 70


class InvariantError(ContractOpsError):
    """A promise of the code does not hold; the run stops rather than goes on wrongly."""

    exit_status = 70
