from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EducationConfig(AppConfig):
    """Study groups: a client, their host and AI practice partners in a group that follows a scenario."""

    name = "education"
    verbose_name = _("Study groups")

    def ready(self) -> None:
        from education import known  # noqa: F401
        from education.kind import EDUCATION
        from sales import kinds

        kinds.register(EDUCATION)
