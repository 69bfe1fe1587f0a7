"""How the admin looks: the theme's settings."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "reLove", "SITE_HEADER": "reLove"}
