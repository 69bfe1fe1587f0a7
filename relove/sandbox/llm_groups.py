"""How the sandbox's model reads an answer to a questionnaire, and answers as a study group's host. Pure."""

import re

from relove.language import content_words, detect_language
from relove.prompting import unfenced
from relove.sandbox.llm_sales import STEM, reply
from relove.sandbox.llm_text import despairs

NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


def mapped(user: str) -> dict[str, object]:
    """The option that shares most words with the message; 0 where none shares any, or two share as many."""
    said = unfenced(user, "message") or ""
    message = _stems(said)
    options = NUMBERED.findall(unfenced(user, "question") or "")
    shared = sorted(((len(message & _stems(text)), int(number)) for number, text in options), reverse=True)
    best, second = (*shared, (0, 0), (0, 0))[:2]
    return {"option": best[1] if best[0] > second[0] else 0, "crisis": despairs(said)}


def host_answer(system: str, user: str) -> dict[str, object]:
    """A question that shares no word with the scenario is not covered by it."""
    message = unfenced(user, "message") or ""
    is_known = "?" not in message or bool(_stems(message) & _stems(unfenced(system, "script") or ""))
    return {"text": reply(user), "crisis": despairs(message), "is_covered": is_known}


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in content_words(text, detect_language(text) or "ru")}
