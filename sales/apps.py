from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    """Versioned scripts, and the dialogues the main account leads by them."""

    name = "sales"
    verbose_name = _("Sales")
