"""The pages that sign an account in, step by step. Every step is an account call; the page waits for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts_mgmt import handover, reasons, signing_in
from accounts_mgmt.admin.sign_in_forms import FORMS, NewAccountForm, SessionForm
from accounts_mgmt.models import AccountCall, SignIn, TelegramAccountSession
from relove import access, desk, show

if TYPE_CHECKING:
    from relove.admin.base import BackOfficeAdmin

Method, Step, State = SignIn.Method, SignIn.Step, TelegramAccountSession.State
SECRETS = ("code", "password", "string", "number")

TITLES = {
    Method.CODE: _("By a code"),
    Method.LINK: _("By a QR code"),
    Method.IMPORT: _("An existing session"),
}
# How a code travels, by Telegram's names.
CODE_WAYS = {
    "app": _("Telegram has sent the code into the app where this account is signed in."),
    "sms": _("Telegram has sent the code by SMS."),
    "smsword": _("Telegram has sent a word by SMS: type it as the code."),
    "smsphrase": _("Telegram has sent a phrase by SMS: type it as the code."),
    "call": _("Telegram calls and reads the code out."),
    "flashcall": _("Telegram calls; the code is in the calling number."),
    "missedcall": _("Telegram calls and hangs up; the code is the end of the calling number."),
    "emailcode": _("Telegram has sent the code by e-mail."),
    "fragmentsms": _("The code is on fragment.com, where this number was bought."),
}
RESEND = {
    "sms": _("Send the code by SMS"),
    "call": _("Have the code read out by phone"),
    "flashcall": _("Have the code sent by a call"),
    "missedcall": _("Have the code sent by a call"),
    "fragmentsms": _("Send the code to fragment.com"),
}
PROBLEMS = {
    "FLOOD_WAIT": _("Telegram asks to wait before the next attempt."),
    "TIMEOUT": _("Telegram did not answer in time. Try once more."),
    "CONNECTION_LOST": _("The connection to Telegram broke. Try once more."),
    "AUTH_KEY_UNREGISTERED": _("Telegram does not know this session, or it was ended. Nothing was stored."),
    "SESSION_REVOKED": _("Telegram does not know this session, or it was ended. Nothing was stored."),
    "AUTH_KEY_DUPLICATED": _(
        "The session is in use somewhere else and was destroyed by Telegram. Nothing was stored."
    ),
}


class SignInPages:
    """The pages of one site's account admin."""

    def __init__(self, page: "BackOfficeAdmin") -> None:
        self._page, self._site = page, page.admin_site

    def urls(self) -> list[URLPattern]:
        view = self._site.admin_view(sensitive_post_parameters(*SECRETS)(self.sign_in))
        return [path("<int:account_id>/sign-in/", view, name="accounts_mgmt_telegramaccountsession_sign_in")]

    # --- a new account ---------------------------------------------------------------------------

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Which account, and which way."""
        if not self._page.has_add_permission(request):
            raise PermissionDenied
        method = request.GET.get("by", Method.CODE)
        method = method if method in FORMS else Method.CODE
        form = FORMS[method](request.POST or None, request.FILES or None)
        if form.is_valid():
            answer = self._begun(request, method, form)
            if answer:
                return answer
        context = {
            "title": _now("Connect an account"),
            "form": form,
            "method": method,
            "methods": TITLES.items(),
            "back": reverse("admin:accounts_mgmt_telegramaccountsession_changelist"),
        }
        return self._answer(request, "accounts_mgmt/sign_in_begin.html", context)

    def _begun(self, request: HttpRequest, method: str, form: NewAccountForm) -> HttpResponse | None:
        """The page of the sign-in; None where the form has something to say instead."""
        staff, now = desk.staff_of(request), timezone.now()
        given = {"label": form.cleaned_data["label"], "role": form.cleaned_data["role"]}
        try:
            account = signing_in.begin(**given, method=method, phone=form.phone, staff=staff, now=now)
        except signing_in.AlreadyHere as error:
            if error.account.state == State.SIGNING_IN:
                return _to_sign_in(error.account.pk)
            words = _now("This number is connected here already: %(account)s.") % {"account": error.account}
            form.add_error("number", words)
            return None
        if form.session:
            sign_in = SignIn.objects.get(account=account)
            return self._stepped(request, sign_in, lambda: _import(request, sign_in, form.session))
        return _to_sign_in(account.pk)

    # --- one on its way --------------------------------------------------------------------------

    @access.fresh
    def sign_in(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Where the sign-in stands, and the form of its next step."""
        account = self._page.get_object(request, str(account_id))
        if account is None:
            messages.warning(request, _now("The sign-in was left off."))
            return _go(request, reverse("admin:accounts_mgmt_telegramaccountsession_changelist"))
        if not self._page.has_change_permission(request, account):
            raise PermissionDenied
        sign_in = signing_in.under_way(account.pk, timezone.now())
        if sign_in is None:
            return self._over(request, account)
        if request.method == "POST":
            return self._step(request, sign_in)
        part = request.headers.get("HX-Request") == "true"
        template = "accounts_mgmt/sign_in_part.html" if part else "accounts_mgmt/sign_in.html"
        return self._answer(request, template, self._state(request, sign_in), part=part)

    def _over(self, request: HttpRequest, account: TelegramAccountSession) -> HttpResponse:
        """Signed in, or left off: on to where that is seen."""
        if account.state == State.ACTIVE:
            desk.forget_counts()
            messages.success(request, _now("The account is connected."))
        elif account.state in signing_in.MAY_SIGN_IN:
            return self._again(request, account)
        else:
            signing_in.expire(timezone.now())
            messages.warning(request, _now("The sign-in was not finished within ten minutes. Begin anew."))
        name = "change" if TelegramAccountSession.objects.filter(pk=account.pk).exists() else "changelist"
        target = reverse(
            f"admin:accounts_mgmt_telegramaccountsession_{name}", args=[account.pk] if name == "change" else []
        )
        return _go(request, target)

    def _again(self, request: HttpRequest, account: TelegramAccountSession) -> HttpResponse:
        """An account of ours whose session has ended: which way it signs in anew."""
        method = request.POST.get("method", "")
        if request.method == "POST" and method in (Method.CODE, Method.LINK):
            try:
                signing_in.begin_again(account, method, desk.staff_of(request), timezone.now())
            except ValidationError as error:
                messages.error(request, error.message)
            return _to_sign_in(account.pk)
        context = {
            "title": _now("Sign in %(account)s anew") % {"account": account},
            "account": account,
            "by_phone": account.phone_mask,
        }
        return self._answer(request, "accounts_mgmt/sign_in_again.html", context)

    def _step(self, request: HttpRequest, sign_in: SignIn) -> HttpResponse:
        staff, now, step = desk.staff_of(request), timezone.now(), request.POST.get("step", "")
        if step == "leave":
            signing_in.leave_off(sign_in)
            return redirect("admin:accounts_mgmt_telegramaccountsession_changelist")
        steps: dict[str, Callable[[], None]] = {
            "code": lambda: signing_in.hand_over_code(sign_in, request.POST.get("code", ""), staff, now),
            "password": lambda: signing_in.hand_over_password(
                sign_in, request.POST.get("password", ""), staff, now
            ),
            "resend": lambda: signing_in.ask_code_again(sign_in, staff, now),
            "link": lambda: signing_in.ask_link(sign_in, staff, now),
        }
        if step == "session":
            form = SessionForm(request.POST, request.FILES)
            if not form.is_valid():
                messages.error(request, " ".join(str(error) for error in form.non_field_errors()))
                return _to_sign_in(sign_in.account_id)
            return self._stepped(request, sign_in, lambda: _import(request, sign_in, form.session))
        return self._stepped(request, sign_in, steps.get(step, lambda: None))

    def _stepped(self, request: HttpRequest, sign_in: SignIn, act: Callable[[], None]) -> HttpResponse:
        try:
            if not signing_in.answer_awaited(sign_in):
                act()
        except signing_in.TooEarly as error:
            messages.warning(request, error.message)
        except handover.NoRunner:
            messages.error(request, _now("No process holds accounts yet: is the cluster telegram running?"))
        return _to_sign_in(sign_in.account_id)

    # --- pages -----------------------------------------------------------------------------------

    def _state(self, request: HttpRequest, sign_in: SignIn) -> dict[str, Any]:
        account, awaited = sign_in.account, signing_in.answer_awaited(sign_in)
        link = sign_in.shown_link
        watched = signing_in.link_is_watched(sign_in)
        return {
            "title": _now("Connect %(account)s") % {"account": account},
            "account": account,
            "sign_in": sign_in,
            "awaited": awaited,
            "live": awaited or (watched and sign_in.step != Step.PASSWORD),
            "watched": watched,
            "unanswered": _unanswered(sign_in),
            "problem": words_of(sign_in),
            "until": show.short_time(sign_in.wait_until) if sign_in.wait_until else "",
            "way": CODE_WAYS.get(sign_in.code_kind, _now("Telegram has sent the code.")),
            "resend": _resend(sign_in),
            "resend_at": show.short_time(sign_in.resend_at),
            "early": bool(sign_in.resend_at and sign_in.resend_at > timezone.now()),
            "expires": show.short_time(sign_in.expires_at),
            "link": link,
            "qr": qr_picture(link) if link else "",
            "session_form": SessionForm() if sign_in.method == Method.IMPORT else None,
            "address": request.get_full_path(),
        }

    def _answer(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, part: bool = False
    ) -> HttpResponse:
        common = {} if part else self._site.each_context(request)
        answer = TemplateResponse(request, template, {**common, "opts": self._page.opts, **context})
        answer["Cache-Control"] = "no-store"
        return answer


def words_of(sign_in: SignIn) -> str:
    """What went wrong last, for a person."""
    if not sign_in.problem:
        return ""
    known = PROBLEMS.get(sign_in.problem)
    return str(known) if known else reasons.words(sign_in.problem)


def _resend(sign_in: SignIn) -> str:
    """The words on the button that has a code sent once more, and how."""
    way = None if sign_in.problem == signing_in.CODE_EXPIRED else RESEND.get(sign_in.next_kind)
    return str(way or _("Ask for a new code"))


def qr_picture(link: str) -> str:
    """The link as a picture in a data: address, which the content policy allows."""
    address: str = segno.make(link, error="m").svg_data_uri(scale=6, border=3, light="#fff")
    return address


def _unanswered(sign_in: SignIn) -> str:
    """Why the last question has no answer, in the sentence that stands at the call."""
    last = AccountCall.objects.filter(account_id=sign_in.account_id).order_by("-id").first()
    without = AccountCall.State.EXPIRED, AccountCall.State.UNKNOWN
    return str(last.error) if last and last.state in without else ""


def _import(request: HttpRequest, sign_in: SignIn, session: str) -> None:
    signing_in.hand_over_session(sign_in, session, desk.staff_of(request), timezone.now())


def _to_sign_in(account_id: int) -> HttpResponseRedirect:
    return redirect("admin:accounts_mgmt_telegramaccountsession_sign_in", account_id)


def _go(request: HttpRequest, target: str) -> HttpResponse:
    """To another page, also from a part that fetches itself again."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": target})
    return redirect(target)
