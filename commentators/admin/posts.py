"""Posts: what the channel wrote, what the model made of it, our comments under it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.contrib.import_export.forms import ExportForm
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from commentators import second
from commentators.admin import pictures, review, writing
from commentators.admin.resources import PostResource
from commentators.models import TelegramPost
from relove import confirm, desk, show
from relove.admin.biglist import BigListAdmin
from relove.admin.filters import PeriodFilter
from relove.exports import FORMATS
from relove.llm import LLMError


@admin.register(TelegramPost)
class PostAdmin(ExportMixin, BigListAdmin):
    resource_classes = [PostResource]
    export_form_class = ExportForm
    formats = FORMATS
    list_display = ["post", "stage_badge", "channel_link", "main_idea", "comments_link", "posted"]
    list_filter = [("stage", ChoicesDropdownFilter), ("channel", AutocompleteSelectFilter), PeriodFilter]
    list_select_related = ["channel"]
    list_fields = (
        "text",
        "stage",
        "stage_reason",
        "channel__title",
        "channel__username",
        "summary",
        "created_at",
        "deleted_at",
    )
    search_fields = ["text"]
    search_help_text = _("Words of the post")
    ordering = ["-created_at", "-id"]
    sortable_by = ("posted",)
    empty_text = _("No posts yet. They come by themselves from the channels that are watched.")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("channel_link", "stage_badge"),
                    "full_text",
                    "pictured",
                    ("posted", "telegram_link"),
                    "why",
                ]
            },
        ),
        (_("Summary"), {"fields": ["summary_rows"]}),
        (_("Comments"), {"fields": ["comments_link", "engagement_rows"]}),
        (
            _("Details"),
            {
                "classes": ["tab"],
                "fields": [("message_id", "album_id"), ("stored", "edited"), ("response_read", "attempts")],
            },
        ),
    ]

    actions_detail = ["write_comment", "second_comment"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TelegramPost]:
        return super().get_queryset(request).prefetch_related(pictures.SMALL)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view(pictures.thumbnail), "commentators_telegrampost_thumbnail"
        return [path("picture/<int:thumbnail_id>/", view, {"page": self}, name=name), *super().get_urls()]

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return desk.may(request, "commentators.change_generatedcomment")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """A second comment is offered only where the channel's owner has agreed to it."""
        post = self.get_object(request, str(object_id))
        agreed = post is not None and post.channel.may_be_commented_twice
        offered = super().get_actions_detail(request, object_id)
        return [each for each in offered if agreed or not each.action_name.endswith("second_comment")]

    @action(description=_("Write a comment"), icon="edit", permissions=["decide"])
    def write_comment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        post = self.get_object(request, object_id)
        if post is None:
            return redirect("admin:commentators_telegrampost_changelist")
        return writing.page(request, self, post)

    @action(description=_("Second comment"), icon="add_comment", permissions=["decide"])
    def second_comment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        post = self.get_object(request, object_id)
        if post is None:
            return redirect("admin:commentators_telegrampost_changelist")
        if not confirm.is_confirmed(request):
            return confirm.ask(
                self,
                request,
                title=_now("A second comment under this post"),
                sentence=_now("Another account drafts it and names its affiliation; you decide about it then."),
                button=_now("Draft it"),
                rows=[post],
            )
        try:
            comment = second.draft_second(post, desk.staff_of(request), timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        except LLMError as error:
            words = _now("The language model failed (%(error)s); nothing was drafted.")
            messages.error(request, words % {"error": error})
        else:
            return redirect(review.url(comment.pk))
        return redirect("admin:commentators_telegrampost_change", post.pk)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @display(description=_("post"))
    def post(self, post: TelegramPost) -> SafeString:
        text = show.foreign_text(post.text or _now("without text"))
        small = next(iter(post.thumbnails.all()), None)
        return (
            format_html('<span class="rl-pictured">{}{}</span>', pictures.thumbnail_image(small), text)
            if small
            else text
        )

    @display(description=_("text"))
    def full_text(self, post: TelegramPost) -> SafeString:
        return show.whole_text(post.text)

    @display(description=_("stage"), ordering="stage")
    def stage_badge(self, post: TelegramPost) -> SafeString:
        if post.deleted_at:
            return show.badge("deleted", _("deleted"))
        return show.badge(post.stage, show.choice(post, "stage"), post.stage_reason)

    @display(description=_("why"))
    def why(self, post: TelegramPost) -> SafeString:
        return show.foreign_text(post.stage_reason)

    @display(description=_("channel"), ordering="channel")
    def channel_link(self, post: TelegramPost) -> SafeString:
        return show.link(post.channel)

    @display(description=_("main idea"))
    def main_idea(self, post: TelegramPost) -> SafeString:
        return show.foreign_text((post.summary or {}).get("main_idea", ""))

    @display(description=_("our comments"))
    def comments_link(self, post: TelegramPost) -> SafeString:
        url = reverse("admin:commentators_generatedcomment_changelist")
        return format_html(
            '<a class="rl-link" href="{}?post__id__exact={}">{}</a>', url, post.pk, _now("comments")
        )

    @display(description=_("posted"), ordering="created_at")
    def posted(self, post: TelegramPost) -> SafeString:
        return show.short_time(post.created_at)

    @display(description=_("summary"))
    def summary_rows(self, post: TelegramPost) -> SafeString:
        return show.key_values(post.summary)

    @display(description=_("response of readers"))
    def engagement_rows(self, post: TelegramPost) -> SafeString:
        return show.key_values(post.engagement)

    @display(description=_("media"))
    def pictured(self, post: TelegramPost) -> SafeString:
        return pictures.media_of(post)

    @display(description=_("response read"))
    def response_read(self, post: TelegramPost) -> SafeString:
        return show.short_time(post.refreshed_at)

    @display(description=_("in Telegram"))
    def telegram_link(self, post: TelegramPost) -> SafeString:
        return format_html(
            '<a class="rl-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a>', post.link, post.link
        )

    @display(description=_("stored"))
    def stored(self, post: TelegramPost) -> SafeString:
        return show.short_time(post.stored_at)

    @display(description=_("edited"))
    def edited(self, post: TelegramPost) -> SafeString:
        return show.short_time(post.edited_at)
