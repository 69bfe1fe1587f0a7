from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Accounts, and the only way in and out of Telegram."""

    name = "accounts_mgmt"
    verbose_name = _("Telegram accounts")

    def ready(self) -> None:
        # Domains register who hears which update in a module called `handlers`.
        autodiscover_modules("handlers")
