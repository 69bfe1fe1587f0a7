"""The configuration a rehearsal takes along: columns named one by one, so that nothing comes by accident.

Neither sessions, phones nor ids of accounts, nor anything of the people who wrote to us or work here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from constance.models import Constance
from django.core import serializers
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts_mgmt.models import CrisisContact, Pause, TelegramAccountSession
from commentators.models import (
    AccountPersonality,
    CommentatorAccount,
    CommentSchedule,
    GeneratedComment,
    TelegramChannel,
    TelegramPost,
)
from diagnostics.models import (
    DiagnosticOption,
    DiagnosticQuestion,
    Psychotype,
    Stage,
    Stream,
    StreamRoute,
)
from sales.models import SalesScript, ScriptTrigger, ScriptVersion

ACCOUNT = (
    "label",
    "role",
    "username",
    "first_name",
    "bio",
    "state",
    "state_reason",
    "owner",
    "owner_consent_at",
    "disclosure",
    "disclosure_seen_at",
)
CHANNEL = (
    "title",
    "description",
    "username",
    "is_active",
    "monitoring_interval",
    "listener",
    "deputy",
    "basis",
    "basis_at",
    "second_by",
    "second_at",
    "affiliation",
    "auto_approve",
    "auto_approve_reason",
)
SCHEDULE = (
    "account",
    "channel",
    "comments_per_day",
    "start_time",
    "end_time",
    "days",
    "time_zone",
    "is_active",
)
VOICE = ("account", "style", "tone", "interests", "vocabulary", "examples", "forbidden")
VERSION = (
    "id",
    "kind",
    "name",
    "description",
    "content",
    "number",
    "state",
    "running",
    "history_date",
    "history_type",
    "history_change_reason",
)
SCRIPT = ("kind", "name", "description", "content", "number", "mode", "is_active", "live")


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows of a table and the columns of them; none named: all of a table without people."""

    model: type[models.Model]
    columns: tuple[str, ...] = ()
    which: Q = field(default_factory=Q)


def copied() -> list[Copied]:
    """In the order in which the rows can be put back."""
    pauses = Q(lifted_at=None) & Q(level__in=("account", "channel", "script"))
    return [
        Copied(Constance),
        Copied(CrisisContact, ("country", "text", "confirmed_by", "confirmed_at")),
        *map(Copied, (Stream, Psychotype, Stage, StreamRoute, DiagnosticQuestion, DiagnosticOption)),
        Copied(TelegramAccountSession, ACCOUNT, ~Q(state="signing_in")),
        Copied(TelegramChannel, CHANNEL, Q(is_active=True)),
        Copied(CommentatorAccount, ("session", "is_active"), ~Q(session__state="signing_in")),
        Copied(AccountPersonality, VOICE, ~Q(account__session__state="signing_in")),
        Copied(CommentSchedule, SCHEDULE, Q(channel__is_active=True) & ~Q(account__session__state="signing_in")),
        Copied(ScriptVersion, VERSION, Q(state="live")),
        Copied(SalesScript, SCRIPT),
        Copied(ScriptTrigger),
        Copied(Pause, ("level", "target_id", "until", "reason"), pauses),
    ]


def read(since: datetime, until: datetime) -> dict[str, Any]:
    """The configuration and the posts of the time, as plain values."""
    tables = [_rows(one) for one in copied()]
    checked = TelegramChannel.objects.filter(is_active=True)
    return {
        "tables": tables,
        # what the sandbox must know of a channel: without a look at it nobody can comment there
        "channels": {
            str(row.pk): {"checked": row.chat_id is not None, "discussion": row.discussion_id is not None}
            for row in checked
        },
        "posts": list(_posts(since, until)),
    }


def _rows(one: Copied) -> str:
    rows = one.model._default_manager.filter(one.which).order_by("pk")
    return str(serializers.serialize("json", rows, fields=one.columns or None))


def really_sent(since: datetime, until: datetime) -> list[int]:
    """How many comments did go out in the time, by the hour of the day, 24 of them."""
    hours = [0] * 24
    sent = GeneratedComment.objects.filter(sent_at__gte=since, sent_at__lt=until)
    for at in sent.values_list("sent_at", flat=True).iterator():
        hours[timezone.localtime(at).hour] += 1
    return hours


def _posts(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    rows = TelegramPost.objects.filter(
        channel__is_active=True, channel__chat__isnull=False, deleted_at=None, created_at__range=(since, until)
    ).exclude(text="")
    for row in rows.order_by("created_at", "id").iterator():
        yield {"at": row.created_at.isoformat(), "channel": row.channel_id, "text": row.text}


@transaction.atomic
def write(tables: list[str]) -> None:
    """Put the rows where the migrations have put theirs; under their own keys."""
    for one in reversed(copied()):
        one.model._default_manager.all().delete()
    for rows in tables:
        for row in serializers.deserialize("json", rows):
            # a version is a row of its own here: none is made besides
            row.object.skip_history_when_saving = True  # type: ignore[attr-defined]
            row.object.save(force_insert=True)
