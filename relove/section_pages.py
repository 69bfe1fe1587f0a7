"""What stands on pages that have no table of their own."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _


def environment_values() -> list[tuple[str, list[tuple[str, Any]]]]:
    """What the environment says, in words; of secrets only whether they are there."""
    return [
        (_("Telegram"), _telegram()),
        (
            _("Language model"),
            [(_("address"), settings.LLM_BASE_URL), (_("questions at a time"), settings.LLM_CONCURRENCY)],
        ),
        (
            _("Data"),
            [
                (_("time zone"), settings.TIME_ZONE),
                (_("cache"), "Redis" if settings.REDIS_URL else _("in PostgreSQL")),
            ],
        ),
        (_("Secrets"), _secrets()),
    ]


def _telegram() -> list[tuple[str, Any]]:
    if settings.TELEGRAM_GATEWAY == "sandbox":
        return [(_("gateway"), _("Sandbox")), (_("address"), settings.SANDBOX_TELEGRAM)]
    return [(_("gateway"), _("Telegram: the real one"))]


def _secrets() -> list[tuple[str, Any]]:
    """The session ring is missing here on purpose: only runners have it."""
    there = {
        _("key of the pages"): settings.SECRET_KEY != settings.DEFAULT_SECRET_KEY,
        _("keys of personal data"): settings.PERSONAL_KEYS,
        _("key of the language model"): settings.LLM_API_KEY,
        _("Telegram application"): settings.TELEGRAM_API_HASH,
    }
    words = [(name, _("set") if value else _("not set")) for name, value in there.items()]
    return [*words, (_("keys of sessions"), _("only runners have them"))]
