"""Trying a voice: a draft under any post, queued nowhere."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from commentators import proposals
from commentators.models import AccountPersonality, TelegramPost
from relove import desk, show
from relove.llm import LLMError

if TYPE_CHECKING:
    from commentators.admin.voices import VoiceAdmin

# The latest posts to choose from.
OFFERED = 30


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, page: "VoiceAdmin", voice_id: int) -> HttpResponse:
    """GET: choose a post. POST: the draft, and what the checks say of it."""
    if not desk.may(request, "commentators.change_accountpersonality"):
        raise PermissionDenied
    voice = get_object_or_404(AccountPersonality.objects.select_related("account__session"), pk=voice_id)
    posts = TelegramPost.objects.select_related("channel").exclude(text="").filter(deleted_at=None)
    offered = list(posts.order_by("-created_at", "-id")[:OFFERED])
    chosen = next((post for post in offered if str(post.pk) == request.POST.get("post")), None)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": _("Try the voice"),
        "voice": voice,
        "voice_link": show.link(voice),
        "posts": [(post.pk, f"{post.channel}: {show.shorten(post.text)}") for post in offered],
        "chosen": chosen,
        "hint": request.POST.get("hint", ""),
        "longest_hint": proposals.LONGEST_HINT,
    }
    if chosen is not None:
        context |= _tried(chosen, voice, request.POST.get("hint", ""))
    return TemplateResponse(request, "commentators/preview.html", context)


def _tried(post: TelegramPost, voice: AccountPersonality, hint: str) -> dict[str, Any]:
    try:
        return {"proposal": proposals.propose(post, voice, hint)}
    except LLMError as error:
        return {"failure": _("The language model failed (%(error)s); nothing was drafted.") % {"error": error}}
