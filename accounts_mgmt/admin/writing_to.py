"""Pages about one person: their consent to be written to, and a first private message by hand."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts_mgmt import contacts, erasing
from accounts_mgmt.models import Contact, TelegramAccountSession
from accounts_mgmt.private import decisions, dialogues
from relove import desk, people, texts
from relove.admin.base import BackOfficeAdmin
from relove.admin.logs import operation_name
from relove.models import TelegramUser, UserActivityLog

CONSENT, WRITE = "accounts_mgmt_contact_consent", "accounts_mgmt_contact_write"
RIGHT = "accounts_mgmt.change_contact"


class ConsentForm(forms.Form):
    given_at = forms.SplitDateTimeField(label=_("When"), widget=UnfoldAdminSplitDateTimeWidget)
    how = forms.CharField(
        label=_("How it was given"),
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("For example: a form on the site, a word at a meeting. It can be proved later by this."),
    )

    def clean_given_at(self) -> datetime:
        given: datetime = self.cleaned_data["given_at"]
        if given > timezone.now():
            raise ValidationError(_("This moment is still to come."))
        return given


class WriteForm(forms.Form):
    account = forms.ModelChoiceField(
        label=_("From which account"),
        queryset=TelegramAccountSession.objects.none(),
        widget=UnfoldAdminSelectWidget,
    )
    text = forms.CharField(
        label=_("Message"), max_length=texts.MESSAGE_LIMIT, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6})
    )

    def __init__(self, contact: Contact | None, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["account"].queryset = _writers(contact)  # type: ignore[attr-defined]


def _writers(contact: Contact | None) -> Any:
    """The accounts that may begin: the one that speaks with the person already, or any whose dialogues are led."""
    rows = TelegramAccountSession.objects.active().filter(role__in=dialogues.roles())
    return rows.filter(pk=contact.account_id) if contact and contact.account_id else rows


def consent(request: HttpRequest, page: BackOfficeAdmin, user_id: int) -> HttpResponse:
    """Record that somebody agreed to be written to, when and how; or that they took it back."""
    user, contact = _person(request, user_id)
    form = ConsentForm(request.POST or None, initial={"given_at": timezone.now()})
    if request.method == "POST" and request.POST.get("do") == "withdraw":
        contacts.withdraw_consent(user, request.POST.get("how", "")[:255], desk.staff_of(request))
        messages.success(request, _now("The consent is taken back."))
        return _back(user)
    if form.is_valid():
        contacts.record_consent(
            user, form.cleaned_data["given_at"], form.cleaned_data["how"], desk.staff_of(request)
        )
        messages.success(request, _now("The consent is recorded."))
        return _back(user)
    values = {"form": form, "contact": contact, "person": user}
    return _render(request, page, "consent", _now("Consent to be written to"), values)


def write(request: HttpRequest, page: BackOfficeAdmin, user_id: int) -> HttpResponse:
    """A first private message; the page says why where none is allowed."""
    user, contact = _person(request, user_id)
    form = WriteForm(contact, request.POST or None)
    if form.is_valid():
        try:
            account, text = form.cleaned_data["account"], form.cleaned_data["text"]
            thread = decisions.write_first(account, user, text, desk.staff_of(request), timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _now("The message is in the queue."))
            return redirect(thread.dialogues.address(account.pk, user.pk))
    values = {"form": form, "person": user, "allowed": _may_be_written_to(contact)}
    return _render(request, page, "write_first", _now("First message"), values)


def _person(request: HttpRequest, user_id: int) -> tuple[TelegramUser, Contact | None]:
    if not desk.may(request, RIGHT):
        raise PermissionDenied
    user = get_object_or_404(TelegramUser, pk=user_id)
    return user, Contact.objects.filter(user=user).select_related("consent_by").first()


def _may_be_written_to(contact: Contact | None) -> bool:
    return bool(contact and (contact.wrote_at or contact.consent_at))


def _back(user: TelegramUser) -> HttpResponse:
    return redirect("admin:relove_telegramuser_change", user.pk)


def _render(
    request: HttpRequest, page: BackOfficeAdmin, name: str, title: str, values: dict[str, Any]
) -> HttpResponse:
    context = {**page.admin_site.each_context(request), "opts": page.model._meta, "title": title, **values}
    return TemplateResponse(request, f"accounts_mgmt/{name}.html", context)


@people.provider(Contact, erase=erasing.erase, in_flight=erasing.in_flight)
def agreements(user: TelegramUser) -> list[people.Event]:
    """Consents, and what staff did about stops and cries for help; the person's own words stand apart."""
    contact = Contact.objects.filter(user=user).first()
    if contact is None:
        return []
    done = UserActivityLog.objects.filter(subject_table="contacts", subject_id=contact.pk).select_related("staff")
    return [
        people.Event(
            row.created_at, f"{operation_name(row.activity_type)} ({row.staff})", row.details.get("text", ""), row
        )
        for row in done.order_by("-created_at")[: people.LIMIT]
    ]


@people.doors
def doors(request: HttpRequest, user: TelegramUser) -> list[people.Door]:
    if not desk.may(request, RIGHT):
        return []
    return [
        people.Door(_now("Consent to be written to"), reverse(f"admin:{CONSENT}", args=[user.pk])),
        people.Door(_now("First message"), reverse(f"admin:{WRITE}", args=[user.pk])),
    ]
