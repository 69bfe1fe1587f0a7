"""What scripts achieve, by version; and which replies another threshold would have made otherwise."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from sales import touches
from sales.models import ConversationMessage, SalesScript, ScriptVersion
from sales.querysets import DIAGNOSIS
from sales.strategy import Strategy, choose

REPLAYED = 200


@dataclass(frozen=True, slots=True)
class VersionReport:
    """A version's dialogues; stages and programmes are of those that stand on it now."""

    version: Any
    dialogues: int
    messages: int
    free: int
    handed_over: int
    stopped: int
    stages: dict[str, int] = field(default_factory=dict)
    programmes: dict[str, int] = field(default_factory=dict)


def by_version(script: SalesScript) -> list[VersionReport]:
    """Every version that has answered somebody, the newest first."""
    heard = ConversationMessage.objects.filter(direction="in", version__isnull=False, conversation__script=script)
    by_people = Q(strategy="person") | Q(conversation__lead="person")
    rows = heard.values("version").annotate(
        dialogues=Count("conversation", distinct=True),
        messages=Count("pk"),
        free=Count("pk", filter=Q(strategy=Strategy.FREE)),
        handed_over=Count("conversation", distinct=True, filter=by_people),
        stopped=Count("conversation", distinct=True, filter=Q(user__contact__stopped_at__isnull=False)),
    )
    reached, chosen = _reached(script)
    versions = ScriptVersion._default_manager.in_bulk([row["version"] for row in rows])
    found = []
    for row in rows.order_by("-version"):
        number = row.pop("version")
        came_to: dict[str, Any] = {"stages": dict(reached[number]), "programmes": dict(chosen[number])}
        found.append(VersionReport(versions[number], **row, **came_to))
    return found


def _reached(script: SalesScript) -> tuple[dict[int, Counter[str]], dict[int, Counter[str]]]:
    """By version: how many dialogues came to each stage, and which programmes were chosen."""
    stages: dict[int, Counter[str]] = defaultdict(Counter)
    programmes: dict[int, Counter[str]] = defaultdict(Counter)
    for version, reached, programme in script.conversations.values_list("version", "stages", "programme"):
        stages[version].update(reached)
        programmes[version].update([programme] if programme else [])
    return stages, programmes


def first_touches(script: SalesScript) -> list[tuple[str, int]]:
    """What brought the people of this script's dialogues, the commonest first."""
    rows = script.conversations.values_list("touch_rule").annotate(n=Count("pk")).order_by("-n", "touch_rule")
    return [(touches.in_words(rule), number) for rule, number in rows if rule]


@dataclass(frozen=True, slots=True)
class Replayed:
    """An analysed message: how it was answered, and how it would be above another threshold."""

    row: ConversationMessage
    was: Strategy
    would_be: Strategy

    @property
    def changes(self) -> bool:
        return self.was is not self.would_be


def replay(script: SalesScript, threshold: float) -> list[Replayed]:
    """The last messages that were analysed, under another threshold; those that would change come first."""
    analysed = ConversationMessage.objects.filter(
        direction="in", score__isnull=False, threshold__isnull=False, conversation__script=script
    )
    rows = analysed.exclude(step=DIAGNOSIS).select_related("user")
    found = [
        Replayed(row, choose(row.score, row.threshold), choose(row.score, threshold))
        for row in rows.order_by("-id")[:REPLAYED]
    ]
    return sorted(found, key=lambda each: not each.changes)
