"""The faults that a reader can switch on, named in words.

Rules of this module:

1. A fault is named by what happens to us, not by its status code.
2. The page offers these; scripts can switch on any other through `/_world/faults`.
"""

from dataclasses import dataclass
from typing import Final

from contractops.operator.localworld.world import World


@dataclass(frozen=True, slots=True)
class FaultWords:
    """One switch: `words`, what it teaches in `effect`, and the body for `/_world/faults` in its parts."""

    words: str
    effect: str
    surface: str
    operation: str
    kind: str
    status: int = 503
    times: int = 1
    seconds: float = 0.0


FAULT_WORDS: Final = (
    FaultWords(
        "Slack loses our next answer", "The message stands, but we never hear so.", "slack", "chat.postMessage", "drop_after_commit"
    ),
    FaultWords(
        "Slack asks us to slow down", "The next post is refused; try again in a second.", "slack", "chat.postMessage", "status", 429
    ),
    FaultWords("Slack fails once", "The next post is refused and does not stand.", "slack", "chat.postMessage", "status", 500),
    FaultWords("The next click arrives twice", "Slack sends the same click again.", "slack", "socket", "duplicate"),
    FaultWords("The next click arrives late", "Another one may overtake it.", "slack", "socket", "reorder"),
    FaultWords("Slack cuts the connection", "At the next click; we must connect again.", "slack", "socket", "disconnect"),
    FaultWords("DocuSign loses our next answer", "The envelope is made, but we never hear so.", "docusign", "*", "drop_after_commit"),
    FaultWords("DocuSign is down for five calls", "Each is refused.", "docusign", "*", "status", 503, 5),
    FaultWords("DocuSign's next notice is lost", "Nobody tells us that it was signed.", "docusign", "connect", "lost_webhook"),
    FaultWords("The CRM loses our next answer", "The write stands, but we never hear so.", "salesforce", "*", "drop_after_commit"),
    FaultWords("The CRM is down for five calls", "Each is refused.", "salesforce", "*", "status", 503, 5),
    FaultWords("The mail server loses our next answer", "The mail is there, but we never hear so.", "mail", "message", "drop_after_commit"),
    FaultWords("The mail server refuses the next mail", "For good: it takes no second try.", "mail", "message", "status", 550),
    FaultWords("The mail server is busy once", "The next mail is refused; try again later.", "mail", "message", "status", 451),
    FaultWords("The model is slow once", "Its next answer takes ten seconds.", "model", "*", "delay", seconds=10.0),
)


def switched_on(world: World) -> list[str]:
    """What is switched on now, in words, with how often it will still happen."""
    return [f"{_words(body['surface'], body['operation'], body['kind'])} ({_left(body['left'])})" for body in world.all("fault")]


def _words(surface: str, operation: str, kind: str) -> str:
    named = (f.words for f in FAULT_WORDS if (f.surface, f.operation, f.kind) == (surface, operation, kind))
    return next(named, f"{surface}, {operation}: {kind.replace('_', ' ')}")


def _left(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
