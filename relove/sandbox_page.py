"""The sandbox's own page: be a person who writes to an account, or the owner who publishes in a channel.

The other side of the system for whoever tries it out: what is said here reaches the accounts as it would in
Telegram. There is no such page where the real Telegram is configured.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from relove.language import storable
from relove.sandbox.client import Answer, SandboxClient, SandboxError

SHOWN = 50
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the person sees it."""

    text: str
    at: datetime
    is_own: bool


def context(request: HttpRequest) -> dict[str, Any]:
    """Who is there, whose dialogue is shown, and what stands in it. Raises Http404 outside of the sandbox."""
    client = _client()
    addresses = {"telegram": settings.SANDBOX_TELEGRAM, "control": settings.SANDBOX_HTTP}
    try:
        everybody, ours = client.everybody(), set(client.stats()["online"])
    except OSError:
        return {**addresses, "is_away": True}
    people = [_named(user) for user in everybody["users"] if user["id"] not in ours and not user["bot"]]
    accounts = [_named(user) for user in everybody["users"] if user["id"] in ours]
    person, account = _chosen(request, "person", people), _chosen(request, "account", accounts)
    return {
        **addresses,
        "people": people,
        "accounts": accounts,
        "channels": everybody["channels"],
        "person": person,
        "account": account,
        "said": _dialogue(client, person["id"], account["id"]) if person and account else [],
    }


@require_POST
def say(request: HttpRequest) -> HttpResponse:
    """Write to the account as the person, or as somebody new."""
    client, account = _client(), _number(request, "account")
    text, name = (storable(request.POST.get(field, "")).strip()[:LONGEST] for field in ("text", "name"))
    try:
        person = client.add_user(name[:64])["id"] if name else _number(request, "person")
        if text:
            client.say(person, account, text)
    except (OSError, SandboxError) as error:
        messages.error(request, _("The sandbox has not taken it: %(why)s") % {"why": error})
        return redirect("admin:section_sandbox")
    return redirect(f"{reverse('admin:section_sandbox')}?{urlencode({'person': person, 'account': account})}")


@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a post as the channel's owner."""
    client, text = _client(), storable(request.POST.get("text", "")).strip()[:LONGEST]
    try:
        if text:
            client.publish(_number(request, "channel"), text)
            messages.success(request, _("Published. The draft comes by itself, once the post is summarised."))
    except (OSError, SandboxError) as error:
        messages.error(request, _("The sandbox has not taken it: %(why)s") % {"why": error})
    return redirect("admin:section_sandbox")


def _client() -> SandboxClient:
    if not settings.IS_SANDBOX:
        raise Http404
    return SandboxClient(settings.SANDBOX_HTTP)


def _named(user: Answer) -> Answer:
    """With the name as Telegram shows it."""
    name = " ".join(filter(None, (user["first_name"], user["last_name"])))
    return {**user, "name": f"{name} (@{user['username']})" if user["username"] else name}


def _chosen(request: HttpRequest, name: str, among: list[Answer]) -> Answer | None:
    """The one the query names, else the first."""
    asked = request.GET.get(name, "")
    return next((one for one in among if str(one["id"]) == asked), among[0] if among else None)


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise Http404
    return int(value)


def _dialogue(client: SandboxClient, person: int, account: int) -> list[Said]:
    found = client.dialogue(person, account)[-SHOWN:]
    return [Said(one["text"], datetime.fromtimestamp(one["date"], UTC), one["out"]) for one in found]
