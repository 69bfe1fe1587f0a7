"""What the editor's page says by itself; templates say the rest."""

from typing import Any

from django.utils.translation import gettext as _


def editor_words() -> dict[str, Any]:
    return {
        "label": _("Text of the script"),
        "theirs": _("Their text"),
        "mine": _("My text"),
        "graph": _("Graph of the steps"),
        "good": _("No mistakes."),
        "warnings": _("It can be saved; some places deserve a second look."),
        "mistakes": _("There are mistakes; each line leads to its place."),
        "saving": _("Saving…"),
        "refused": _("Not saved: mend the mistakes first."),
        "broken": _("The text has mistakes; they stand below it."),
        "thinking": _("Thinking…"),
        "offline": _("No connection. Nothing is lost, try again in a moment."),
        "code": code_words(),
    }


def code_words() -> dict[str, str]:
    """CodeMirror's own words by their English."""
    return {
        "Find": _("Find"),
        "Replace": _("Replace with"),
        "next": _("next"),
        "previous": _("previous"),
        "all": _("all"),
        "match case": _("match case"),
        "by word": _("whole words"),
        "regexp": _("pattern"),
        "replace": _("replace"),
        "replace all": _("replace all"),
        "close": _("close"),
        "Go to line": _("Go to line"),
        "go": _("go"),
        "Diagnostics": _("Problems"),
        "No diagnostics": _("No problems"),
        "Completions": _("Completions"),
        "Fold line": _("Fold"),
        "Unfold line": _("Unfold"),
        "Folded lines": _("Folded lines"),
        "Unfolded lines": _("Unfolded lines"),
        "folded code": _("folded text"),
        "unfold": _("unfold"),
        "$ unchanged lines": _("$ unchanged lines"),
        "Revert this chunk": _("Take this piece over"),
        "Control character": _("Control character"),
        "current match": _("current match"),
        "replaced $ matches": _("replaced $ matches"),
        "replaced match on line $": _("replaced on line $"),
        "on line": _("on line"),
    }
