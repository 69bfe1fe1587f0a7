"""How values stand on pages: times, states, texts from Telegram, JSON as rows. All of it escaped."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.dates import MONTHS_3, MONTHS_ALT
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from relove.statuses import look

# Values of JSON fields that are words of a list.
VALUE_NAMES: dict[str, Promise] = {
    "story": lazy("a story"),
    "announcement": lazy("an announcement"),
    "question": lazy("a question"),
    "advice": lazy("advice"),
    "news": lazy("news"),
    "quote": lazy("a quotation"),
    "media": lazy("a picture or a video"),
    "other": lazy("something else"),
}

MILLION = 1_000_000

# What came with a message, by relove.telegram's words for it.
MEDIA: dict[str, Promise] = {
    "photo": lazy("photo"),
    "video": lazy("video"),
    "voice": lazy("voice message"),
    "round": lazy("video message"),
    "audio": lazy("audio"),
    "sticker": lazy("sticker"),
    "gif": lazy("animation"),
    "document": lazy("file"),
    "poll": lazy("poll"),
    "contact": lazy("contact"),
    "geo": lazy("place"),
    "venue": lazy("place"),
    "geolive": lazy("place"),
}

NOTHING = mark_safe('<span class="rl-none">—</span>')

# Names of JSON fields that people may meet; anything else is shown by its key.
KEY_NAMES: dict[str, Promise] = {
    "main_idea": lazy("main idea"),
    "keywords": lazy("keywords"),
    "tone": lazy("tone"),
    "content_type": lazy("content type"),
    "likes": lazy("reactions"),
    "replies": lazy("replies"),
    "comments": lazy("comments"),
    "views": lazy("views"),
    "post_views": lazy("post views since"),
    "messages_count": lazy("messages"),
    "errors": lazy("errors"),
    "sent": lazy("sent"),
    "failed": lazy("failed"),
    "reason": lazy("reason"),
    "until": lazy("until"),
    "seconds": lazy("seconds"),
    "code": lazy("code"),
    "host": lazy("machine"),
    "method": lazy("way of signing in"),
    "pid": lazy("process"),
    "name": lazy("name"),
    "username": lazy("username"),
    "title": lazy("title"),
    "members": lazy("members"),
    "about": lazy("description"),
    "comments_open": lazy("comments are open"),
    "discussion": lazy("discussion group"),
    "member": lazy("our account is a member"),
    "read": lazy("read"),
    "found": lazy("posts found"),
    "gone": lazy("deleted there"),
    "channel": lazy("channel"),
    "channel_id": lazy("channel"),
    "comment_id": lazy("comment"),
    "post_id": lazy("post"),
    "text": lazy("text"),
    "option": lazy("setting"),
    "old": lazy("before"),
    "new": lazy("after"),
    "before": lazy("before"),
    "after": lazy("after"),
    "ids": lazy("rows"),
    "rule": lazy("rule"),
    "bio": lazy("bio"),
    "disclosed": lazy("disclosure stands"),
    "model": lazy("language model"),
    "messages": lazy("messages"),
    "role": lazy("role"),
    "content": lazy("content"),
    "system": lazy("instructions"),
    "user": lazy("question"),
}


def short_time(moment: datetime | None, now: datetime | None = None) -> SafeString:
    """ "12:35", "yesterday 21:46", "14 Nov" or "14 Nov 2025"; the full time is in the title."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    today = timezone.localtime(now or timezone.now()).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        words = clock
    elif local.date() == today - timedelta(days=1):
        words = _("yesterday %(time)s") % {"time": clock}
    elif local.date() == today + timedelta(days=1):
        words = _("tomorrow %(time)s") % {"time": clock}
    else:
        day = f"{local.day} {str(MONTHS_3[local.month]).title()}"
        words = f"{day} {clock}" if local.year == today.year else f"{day} {local.year}"
    full = f"{local.day} {MONTHS_ALT[local.month]} {local.year}, {local:%H:%M:%S}"
    return format_html('<time class="rl-time" datetime="{}" title="{}">{}</time>', local.isoformat(), full, words)


def choice(row: Model, name: str) -> str:
    """What Django's get_…_display() says, without looking through all choices anew in every row of a list."""
    value = getattr(row, name)
    return str(_choices(type(row), name).get(value, value))


@cache
def _choices(model: type[Model], name: str) -> dict[Any, Promise | str]:
    return dict(model._meta.get_field(name).flatchoices)  # type: ignore[union-attr]


def badge(state: str, word: str | Promise, title: str = "") -> SafeString:
    """A state: icon, word and colour (relove.statuses)."""
    shape = look(state)
    return format_html(
        '<span class="rl-badge rl-badge-{}" title="{}">'
        '<span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        shape.variant,
        title,
        shape.icon,
        capital(str(word)),
    )


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def foreign_text(text: str, lines: int = 2) -> SafeString:
    """Text that came from Telegram or a model, on a few lines: isolated, so that no control character
    of it turns the page around it."""
    if not text:
        return NOTHING
    shown = cut(text, 400)
    return format_html('<bdi class="rl-text rl-clamp-{}" title="{}">{}</bdi>', lines, shown, shown)


def shorten(text: str) -> str:
    """A text as a title: sixty characters, with a sign that there is more."""
    return cut(" ".join(text.split()), 60)


def cut(text: str, length: int) -> str:
    """The text, or so many characters of it with a sign that there is more."""
    return text if len(text) <= length else Truncator(text).chars(length)


def media(kind: str) -> str:
    """What came with a message, in a word; what Telegram has invented since stays as it is called there."""
    return str(MEDIA.get(kind, kind))


def whole_text(text: str) -> SafeString:
    """The same, in full, with its line breaks."""
    return format_html('<bdi class="rl-text rl-whole">{}</bdi>', text) if text else NOTHING


def link(target: Model | None, text: str | None = None) -> SafeString:
    """A link to the row's page; its words where it has none."""
    if target is None:
        return NOTHING
    return _page_link(type(target), target.pk, text if text is not None else str(target))


def _page_link(model: type[Model], key: object, words: str) -> SafeString:
    page = _page_of(model)
    if not page:
        return format_html("<bdi>{}</bdi>", words)
    return format_html('<a class="rl-link" href="{}"><bdi>{}</bdi></a>', page.format(key), words)


@cache
def _page_of(model: type[Model]) -> str:
    """Where rows have their page, "{}" for the row's key; "" where they have none. A list asks for it often."""
    try:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[0])
    except NoReverseMatch:
        return ""
    return address.replace("/0/", "/{}/")


def row_link(table: str, row_id: int | None, name: str | None = None) -> SafeString:
    """A link to a row that logs know by its table and id; without a `name` they are its words."""
    if not table or row_id is None:
        return NOTHING
    model = model_of(table)
    if model is None:
        return format_html("{} {}", table, row_id)
    return _page_link(model, row_id, name or f"{capital(str(model._meta.verbose_name))} {row_id}")


@cache
def model_of(table: str) -> type[Model] | None:
    """Whose table it is; None for one that no model has."""
    return next((model for model in apps.get_models() if model._meta.db_table == table), None)


def number(value: float | Decimal | None, digits: int = 0) -> SafeString:
    if value is None:
        return NOTHING
    words = formats.number_format(value, digits, use_l10n=True, force_grouping=True)
    return format_html('<span class="rl-number">{}</span>', words)


def grouped(value: int) -> str:
    """A whole number in words: "65 737"."""
    return formats.number_format(value, 0, use_l10n=True, force_grouping=True)


def roughly(value: int) -> str:
    """A guess, by its first two digits: "12 000", "5.2 million"."""
    rounded = round(value, 2 - len(str(value)))
    if rounded < MILLION:
        return grouped(rounded)
    digits = 0 if rounded % MILLION == 0 else 1
    return _("%(number)s million") % {"number": formats.number_format(rounded / MILLION, digits)}


def pair(first: float | None, second: float | None) -> SafeString:
    """Two figures that belong together: "140 / 320"."""
    return format_html("{} / {}", number(first), number(second))


def chips(words: Sequence[str]) -> SafeString:
    """Short words beside one another: keywords, interests."""
    if not words:
        return NOTHING
    return format_html_join(" ", '<bdi class="rl-chip">{}</bdi>', ((word,) for word in words))


PASSED, NOW, TO_COME = "passed", "now", "coming"


def way(steps: Sequence[tuple[str, str]]) -> SafeString:
    """Steps one after another: (name, PASSED, NOW or TO_COME). The one that is now carries its name."""
    items = format_html_join(
        "",
        '<li class="rl-step-{}" title="{}"{}><span>{}</span>{}</li>',
        (
            (
                state,
                name,
                mark_safe(' aria-current="step"') if state == NOW else "",
                number,
                _step_name(name, state),
            )
            for number, (name, state) in enumerate(steps, start=1)
        ),
    )
    return format_html('<ol class="rl-way">{}</ol>', items)


def _step_name(name: str, state: str) -> SafeString:
    return format_html("<bdi{}>{}</bdi>", "" if state == NOW else mark_safe(' class="rl-heard"'), name)


def key_values(data: Any) -> SafeString:
    """JSON as rows of name and value, nested as deep as it goes; never as raw JSON."""
    if data in (None, {}, [], ""):
        return NOTHING
    if isinstance(data, Mapping):
        rows = ((_key_name(key), _value(key, data[key])) for key in sorted(data, key=_key_place))
        return format_html('<dl class="rl-rows">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
    if isinstance(data, list | tuple):
        if all(isinstance(value, str | int | float) and len(str(value)) < 40 for value in data):
            return chips([str(value) for value in data])
        return format_html(
            '<ol class="rl-list">{}</ol>', format_html_join("", "<li>{}</li>", ((key_values(v),) for v in data))
        )
    if isinstance(data, bool):
        return mark_safe(_("yes") if data else _("no"))  # noqa: S308  (our own two words)
    return whole_text(str(data))


def _value(key: str, value: Any) -> SafeString:
    word = VALUE_NAMES.get(value) if key == "content_type" else None
    return key_values(value if word is None else str(word))


def _key_place(key: str) -> int:
    """Known keys in the order of KEY_NAMES, the rest behind; a jsonb column keeps no order of its own."""
    return list(KEY_NAMES).index(key) if key in KEY_NAMES else len(KEY_NAMES)


def _key_name(key: str) -> str:
    known = KEY_NAMES.get(key)
    return capital(str(known) if known is not None else key.replace("_", " "))


def secret(value: object | None) -> SafeString:
    """Whether a secret is there, never the secret."""
    return format_html("<span>{}</span>", _("set") if value else _("not set"))
