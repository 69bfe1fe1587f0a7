from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    """Versioned scripts, and the dialogues the main account leads by them."""

    name = "sales"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from sales import kinds
        from sales.sales_kind import SALES

        kinds.register(SALES)
