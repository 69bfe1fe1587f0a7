"""What is wrong with a document, as the person who wrote it is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake or warning: where it stands in the document and in its text, and what was expected.

    `path` leads from the document to the place, such as ("steps", 0, "key"); line and column count from 1
    and are 0 where the document has no text. A warning does not keep the document from being saved.
    """

    message: str
    path: Path = ()
    expected: str = ""
    line: int = 0
    column: int = 0
    is_warning: bool = False

    @property
    def place(self) -> str:
        """The path as people write it: steps[0].key."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")

    def __str__(self) -> str:
        places = [_("line %(line)s, column %(column)s") % {"line": self.line, "column": self.column}]
        places = [*(places if self.line else []), *([self.place] if self.path else [])]
        said = self.message
        if self.expected:
            said += " " + _("Expected: %(what)s.") % {"what": self.expected}
        return f"{', '.join(places)}: {said}" if places else said


class Refused(ValueError):
    """A document that cannot be used; `problems` holds every mistake, never none."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def one_of(known: Iterable[str], written: str) -> str:
    """What could have been meant: the nearest known name, or all of them when they are few."""
    names = sorted(known)
    if close := get_close_matches(written, names, 1):
        return _("perhaps “%(name)s”") % {"name": close[0]}
    return ", ".join(names[:12])
