"""How the admin looks: the theme's settings. Callables are named, so that settings import no models."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def environment(request: HttpRequest) -> list[str]:
    """The badge in every page's header: which Telegram this is. Read from the gateway in force."""
    from relove.navigation import uses_sandbox

    return [_("Sandbox"), "info"] if uses_sandbox() else [_("Telegram: the real one"), "danger"]


def title_prefix(request: HttpRequest) -> str:
    """Before a page's title, so that two windows are not mixed up."""
    from relove.navigation import uses_sandbox

    return f"[{_('Sandbox')}]" if uses_sandbox() else ""


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "reLove",
    "SITE_HEADER": "reLove",
    "SITE_SUBHEADER": gettext_lazy("back office"),
    "SITE_SYMBOL": "favorite",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("relove/favicon.svg")}
    ],
    "ENVIRONMENT": "relove.unfold.environment",
    "ENVIRONMENT_TITLE_PREFIX": "relove.unfold.title_prefix",
    "DASHBOARD_CALLBACK": "relove.dashboard_page.context",
    "STYLES": [lambda request: static("relove/relove.css")],
    "SCRIPTS": [lambda request: static("relove/relove.js")],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    # The brand's rose, turned a little towards pink: beside it an error's red stays apart.
    "COLORS": {
        "primary": {
            "50": "oklch(97.3% .013 350)",
            "100": "oklch(94.8% .028 350)",
            "200": "oklch(89.9% .061 350)",
            "300": "oklch(82.3% .113 350)",
            "400": "oklch(71.8% .180 351)",
            "500": "oklch(63.5% .208 353)",
            "600": "oklch(54.5% .195 355)",
            "700": "oklch(47.5% .175 356)",
            "800": "oklch(41.0% .150 357)",
            "900": "oklch(36.0% .125 358)",
            "950": "oklch(25.5% .095 358)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        # the palette instead of the small search, whose template the content policy refuses
        "command_search": True,
        "show_all_applications": False,
        "navigation": "relove.navigation.sidebar",
    },
    "TABS": "relove.navigation.tabs",
    "ACCOUNT": {
        "navigation": [
            {"title": gettext_lazy("My sign-ins"), "link": reverse_lazy("admin:sign_ins")},
            {"title": gettext_lazy("My Telegram"), "link": reverse_lazy("admin:accounts_mgmt_stafftelegram_mine")},
            {"title": gettext_lazy("Change password"), "link": reverse_lazy("admin:password_change")},
        ],
    },
    "COMMAND": {"search_models": False, "show_history": False},
}
