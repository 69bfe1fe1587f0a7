from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiagnosticsConfig(AppConfig):
    """The questionnaire, its results and people's progress; knows nothing of Telegram."""

    name = "diagnostics"
    verbose_name = _("Diagnostics")
