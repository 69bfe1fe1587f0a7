from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReloveConfig(AppConfig):
    """The kernel: what every domain needs."""

    name = "relove"
    verbose_name = _("reLove")
