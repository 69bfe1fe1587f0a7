"""A person's history on their page, and what the kernel's own logs know of them."""

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from relove import people, show
from relove.admin.logs import operation_name
from relove.models import SessionLog, TelegramUser, UserActivityLog

EMPTY = _("Nothing has happened yet.")
# they are told by the messages themselves
MESSAGES = ("message", "group_message")


def keep_rows(user: TelegramUser) -> None:
    """The logs' rows stay; the SQL function of the erasure takes the words out of them."""


@people.provider(UserActivityLog, SessionLog, erase=keep_rows)
def touches(user: TelegramUser) -> list[people.Event]:
    """What the person did, and the stretches of work with them; messages tell their own text."""
    rows: Any = UserActivityLog.objects.filter(user=user).exclude(activity_type__in=MESSAGES)
    tables = {model._meta.db_table: model for model in apps.get_models()}
    done = [
        people.Event(
            row.created_at,
            operation_name(row.activity_type),
            str(row.details.get("text", "")),
            _about(row, tables.get(row.subject_table)),
        )
        for row in rows.order_by("-created_at")[: people.LIMIT]
    ]
    sessions = SessionLog.objects.filter(user=user).order_by("-start_time")[: people.LIMIT]
    return done + [
        people.Event(row.start_time, show.capital(row.get_session_type_display()), "", row) for row in sessions
    ]


def _about(row: UserActivityLog, model: type[Model] | None) -> Model:
    """What it was about, a comment say; where no page tells of that, the log's own row."""
    return model(pk=row.subject_id) if model and row.subject_id else row


def history(user: TelegramUser, reader: Any) -> SafeString:
    """The events as rows: when, what (a link to the row), the text as `reader` may see it."""
    events = people.timeline(user)
    if not events:
        return format_html("<span>{}</span>", EMPTY)
    rows = format_html_join(
        "",
        "<li>{} {} {}</li>",
        ((show.short_time(e.at), show.link(e.row, e.what), _text(e.text_for(reader))) for e in events),
    )
    return format_html('<ul class="rl-list">{}</ul>', rows)


def _text(text: str) -> SafeString:
    return show.foreign_text(text) if text else SafeString()
