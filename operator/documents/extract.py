"""Text by page from a PDF that nobody here made. Documents are hostile: they are opened in a process of their own.

Rule 1: size and pages are limited before, time and memory while the document is read.
Rule 2: whatever the child does (crash, hang, eat memory), the parent gets an ``InputError`` and goes on.
Run as ``python -m contractops.operator.documents.extract LIMIT_BYTES LIMIT_PAGES LIMIT_SECONDS`` with the PDF on standard input, it writes
a JSON list of the pages' texts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys

from contractops.tools.errors import InputError
from contractops.tools.values import Value

_SELF = "contractops.operator.documents.extract"


class Limits(Value):
    """Of one document: bytes, pages, seconds of work, bytes of memory beyond the program itself."""

    size: int = 30_000_000
    pages: int = 400
    seconds: int = 20
    memory: int = 1_500_000_000


def page_texts(document: bytes, limits: Limits | None = None) -> tuple[str, ...]:
    """Text of each page, in order. Raises ``InputError`` (CO-DOC-010 to 013) when it is too large, no PDF, or cannot be read in time."""
    bounds = limits or Limits()
    if len(document) > bounds.size:
        raise InputError("CO-DOC-010", f"The document has {len(document):,} bytes; the limit is {bounds.size:,}.")
    command = [sys.executable, "-I", "-m", _SELF, str(bounds.memory), str(bounds.pages), str(bounds.seconds)]
    try:
        child = subprocess.run(command, input=document, capture_output=True, timeout=bounds.seconds + 5, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as error:
        raise InputError("CO-DOC-011", f"The document was not read within {bounds.seconds} seconds.") from error
    if child.returncode != 0:
        reason = child.stdout.decode(errors="replace").strip()[:200] or f"the reader ended with {child.returncode}"
        raise InputError("CO-DOC-012", f"The document cannot be read: {reason}.")
    return tuple(json.loads(child.stdout))


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS refuses this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _read(document: bytes, pages: int) -> list[str]:
    import pypdfium2  # noqa: PLC0415 - loaded under the limits

    pdf = pypdfium2.PdfDocument(document)
    if len(pdf) > pages:
        raise InputError("CO-DOC-013", f"it has {len(pdf)} pages; the limit is {pages}")
    return [page.get_textpage().get_text_range() for page in pdf]


def main() -> int:
    """The child: limits first, then the document."""
    memory, pages, seconds = (int(each) for each in sys.argv[1:4])
    _limit(memory, seconds)
    try:
        texts = _read(sys.stdin.buffer.read(), pages)
    except (InputError, ValueError, RuntimeError, MemoryError) as error:  # pypdfium2's own error is a RuntimeError
        sys.stdout.write(error.message if isinstance(error, InputError) else "it is no PDF or it is damaged")
        return 1
    sys.stdout.write(json.dumps(texts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
