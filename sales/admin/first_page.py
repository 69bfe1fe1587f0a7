"""What scripts bring to the staff's first page."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from relove import desk
from sales import live, texts_kind
from sales.admin import editor


@desk.work(45, "sales.change_salesscript")
def unfit_texts(now: datetime) -> desk.Figure:
    """Texts of the live version that their rule, changed since, no longer allows (relove.texts.misfits)."""
    found = live.in_use(texts_kind.NAME)
    count = len(texts_kind.check(found.document)) if found else 0
    address = editor.url(found.script_id) if found else reverse("admin:sales_salesscript_changelist")
    return desk.Figure(_("Texts for which the built-in ones are said"), count, address, "failed")
