"""The kind `sales`: scripts of the main account's dialogues."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from relove.models import TelegramUser
from sales.checks import check
from sales.difference import difference
from sales.document import Script, Step
from sales.graph import graph
from sales.kinds import Sample, ScriptKind
from sales.parts import first_filled
from sales.rehearsal import rehearse

EXAMPLE = (Path(__file__).parent / "examples" / "sales.yaml").read_text(encoding="utf-8")


def preview(script: Script, client: TelegramUser | None) -> list[Sample]:
    """Every step as the client would read it, answers not yet known replaced by their substitutes."""
    values = {"name": client.first_name} if client else {}
    return [Sample(step.title or step.key, _said(step, values)) for step in script.steps]


def _said(step: Step, values: dict[str, str]) -> str:
    lines = [first_filled(line.variants, values) or line.variants[0] for line in step.lines]
    return "\n".join([*lines, *(ask.question for ask in step.ask[:1])])


def _triggers(script: Script) -> list[Any]:
    return list(script.triggers)


SALES = ScriptKind(
    name="sales",
    title=_("sales dialogue"),
    model=Script,
    check=check,
    difference=difference,
    example=EXAMPLE,
    preview=preview,
    player=rehearse,
    graph=graph,
    triggers=_triggers,
    is_single=True,
)
