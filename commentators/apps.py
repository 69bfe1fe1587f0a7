from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommentatorsConfig(AppConfig):
    """Channels watched, posts summarised, comments drafted, approved and sent."""

    name = "commentators"
    verbose_name = _("Commenting")
