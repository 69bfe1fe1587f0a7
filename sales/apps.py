from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    """Versioned scripts, and the dialogues the main account leads by them."""

    name = "sales"
    verbose_name = _("Sales")

    def ready(self) -> None:
        from relove import texts
        from sales import kinds, known  # noqa: F401
        from sales.sales_kind import SALES
        from sales.texts_kind import TEXTS, source

        kinds.register(SALES)
        kinds.register(TEXTS)
        texts.register(source)
