"""What stands on pages that have no table of their own."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy


@dataclass(frozen=True)
class Later:
    title: Promise
    icon: str
    text: Promise


LATER = {
    "groups": Later(
        lazy("Study groups"), "groups", lazy("Study groups and their AI practice partners will be here.")
    ),
    "scripts": Later(
        lazy("Scripts"), "account_tree", lazy("Dialogue scripts with versions, preview and tests will be here.")
    ),
}


def system_values() -> list[tuple[str, list[tuple[str, Any]]]]:
    """The settings in force, in words, without a single secret."""
    return [
        (_("Telegram"), _telegram()),
        (_("Sending"), _sending()),
        (_("Language model"), _model()),
        (
            _("Data"),
            [
                (_("time zone"), settings.TIME_ZONE),
                (_("cache"), "Redis" if settings.REDIS_URL else _("in PostgreSQL")),
            ],
        ),
    ]


def _telegram() -> list[tuple[str, Any]]:
    if settings.TELEGRAM_GATEWAY == "sandbox":
        return [(_("gateway"), _("Sandbox")), (_("address"), settings.SANDBOX_TELEGRAM)]
    return [(_("gateway"), _("Telegram: the real one"))]


def _sending() -> list[tuple[str, Any]]:
    return [
        (_("messages a second, whole system"), settings.SEND_CEILING),
        (_("one account in one chat"), _windows(settings.PACE_ACCOUNT_CHAT)),
        (_("one chat over all accounts"), _windows(settings.PACE_CHAT)),
        (_("base delay of retries, seconds"), settings.RETRY_BASE_SECONDS),
    ]


def _model() -> list[tuple[str, Any]]:
    return [
        (_("address"), settings.LLM_BASE_URL),
        (_("model"), settings.LLM_MODEL),
        (_("key"), _("set") if settings.LLM_API_KEY else _("not set")),
        (_("budget a day, USD"), settings.LLM_DAILY_BUDGET_USD),
        (_("questions at a time"), settings.LLM_CONCURRENCY),
    ]


def _windows(windows: list[tuple[int, float]]) -> str:
    return ", ".join(_("%(count)s in %(seconds)s s") % {"count": c, "seconds": round(s)} for c, s in windows)
