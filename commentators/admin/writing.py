"""The page on which a person writes a comment from nothing."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from commentators import by_hand
from commentators.models import CommentSchedule, TelegramPost
from commentators.prompts import DRAFT_LIMIT
from relove import desk, show
from relove.admin.base import BackOfficeAdmin


class ScheduleField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the checker alone
    def label_from_instance(self, schedule: Any) -> str:
        return str(schedule.account)


class CommentForm(forms.Form):
    schedule = ScheduleField(
        label=_("From which account"), queryset=CommentSchedule.objects.none(), widget=UnfoldAdminSelectWidget
    )
    text = forms.CharField(
        label=_("Comment"), max_length=DRAFT_LIMIT, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6})
    )

    def __init__(self, post: TelegramPost, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["schedule"].queryset = by_hand.writers(post)  # type: ignore[attr-defined]


def page(request: HttpRequest, admin: BackOfficeAdmin, post: TelegramPost) -> HttpResponse:
    """The form; it says what the checks have against a text, or why nobody may write here."""
    now = timezone.now()
    form = CommentForm(post, request.POST or None)
    if form.is_valid():
        schedule, text = form.cleaned_data["schedule"], form.cleaned_data["text"]
        try:
            comment = by_hand.write(post, schedule, text, desk.staff_of(request), now)
        except ValidationError as error:
            form.add_error("text", error)
        else:
            messages.success(request, _now("The comment is in the queue."))
            return redirect("admin:commentators_generatedcomment_change", comment.pk)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.model._meta,
        "title": _now("Write a comment"),
        "post": post,
        "post_text": show.whole_text(post.text),
        "form": form,
        "why_not": by_hand.why_not(post, now),
    }
    return TemplateResponse(request, "commentators/write.html", context)
