"""Pictures on our pages: small ones of posts, and the library that comments take theirs from.

Both are JPEGs of our own making, shown to whoever may see what they belong to.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from unfold.decorators import display
from unfold.widgets import UnfoldAdminImageFieldWidget

from commentators.models import CommentPhoto, PostThumbnail, TelegramPost
from relove import show
from relove.admin.base import BackOfficeAdmin
from relove.pictures import NoPicture, Picture, jpeg

LONGEST = 1600
# A picture never changes under its number.
CACHED = "private, max-age=86400"
WRONG = {
    "size": _("The file is larger than 10 MB."),
    "kind": _("This is no JPEG, PNG or WebP picture, or it is damaged."),
    "pixels": _("The picture has more than 40 million pixels."),
}


def served(data: bytes | memoryview | None) -> HttpResponse:
    if data is None:
        raise Http404
    return HttpResponse(bytes(data), content_type="image/jpeg", headers={"Cache-Control": CACHED})


@require_GET
def thumbnail(request: HttpRequest, page: BackOfficeAdmin, thumbnail_id: int) -> HttpResponse:
    """A small picture of a post."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    return served(PostThumbnail.objects.filter(pk=thumbnail_id).values_list("image", flat=True).first())


def thumbnail_image(small: PostThumbnail) -> SafeString:
    return _image(reverse("admin:commentators_telegrampost_thumbnail", args=[small.pk]), small, "")


def photo_image(photo: CommentPhoto) -> SafeString:
    return _image(reverse("admin:commentators_commentphoto_image", args=[photo.pk]), photo, photo.description)


def _image(url: str, picture: PostThumbnail | CommentPhoto, words: str) -> SafeString:
    size = (picture.width, picture.height)
    img = '<img class="rl-thumb" src="{}" alt="{}" width="{}" height="{}" loading="lazy">'
    return format_html(img, url, words, *size)


# Without their bytes.
SMALL = Prefetch("thumbnails", PostThumbnail.objects.defer("image").order_by("message_id"))


def media_of(post: TelegramPost) -> SafeString:
    """The post's media: small pictures of our own where we have them, each with the way to Telegram."""
    if not post.media_urls:
        return show.NOTHING
    small = {each.message_id: thumbnail_image(each) for each in post.thumbnails.all()}
    items = ((item["url"], small.get(item["message_id"]) or show.media(item["kind"])) for item in post.media_urls)
    link = '<a class="rl-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a>'
    return format_html('<span class="rl-media">{}</span>', format_html_join("", link, items))


class PhotoForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new picture is a file; a known one keeps its bytes for good."""

    file = forms.FileField(
        label=_("file"),
        widget=UnfoldAdminImageFieldWidget,
        help_text=_("JPEG, PNG or WebP; only the picture is kept, without place and camera."),
    )

    class Meta:
        model = CommentPhoto
        fields = ["description", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["file"]

    def clean_file(self) -> Picture:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            return jpeg(file.read(), LONGEST)
        except NoPicture as error:
            raise forms.ValidationError(WRONG[error.code]) from error

    def save(self, commit: bool = True) -> CommentPhoto:
        if picture := self.cleaned_data.get("file"):
            self.instance.image = picture.data
            self.instance.width, self.instance.height = picture.width, picture.height
        return super().save(commit)


@admin.register(CommentPhoto)
class PhotoAdmin(BackOfficeAdmin):
    form = PhotoForm
    list_display = ["picture", "description", "offered", "added"]
    list_filter = ["is_active"]
    search_fields = ["description"]
    search_help_text = _("Words of the description")
    ordering = ["-id"]
    readonly_fields = ["picture", "added"]
    empty_text = _("No pictures yet. A comment may carry one of those added here.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("image")

    def get_urls(self) -> list[URLPattern]:
        name = "commentators_commentphoto_image"
        return [
            path("<int:photo_id>/image/", self.admin_site.admin_view(self.image), name=name),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["picture", "description", "is_active", "added"] if obj else ["file", "description", "is_active"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def image(self, request: HttpRequest, photo_id: int) -> HttpResponse:
        """The picture itself, for whoever may see it or the comments that carry it."""
        if not request.user.has_perm("commentators.view_generatedcomment"):
            raise PermissionDenied
        return served(CommentPhoto.objects.filter(pk=photo_id).values_list("image", flat=True).first())

    @display(description=_("picture"))
    def picture(self, photo: CommentPhoto) -> SafeString:
        return photo_image(photo)

    @display(description=_("offered"), ordering="is_active")
    def offered(self, photo: CommentPhoto) -> SafeString:
        return show.badge("active", _now("yes")) if photo.is_active else show.badge("disabled", _now("no"))

    @display(description=_("added"), ordering="created_at")
    def added(self, photo: CommentPhoto) -> SafeString:
        return show.short_time(photo.created_at)
