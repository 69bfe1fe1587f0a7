"""Practice partners: which accounts play, and how they speak."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from education.models import StudentBot
from relove.admin.base import BackOfficeAdmin


@admin.register(StudentBot)
class StudentBotAdmin(BackOfficeAdmin):
    list_display = ["session", "is_active", "created_at"]
    list_select_related = ["session"]
    fields = ["session", "persona", "is_active"]
    empty_text = _(
        "No practice partners yet. Sign an account in with the role “practice partner” and add it here."
    )
