"""Pictures: small ones of posts, and the library that comments take theirs from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from commentators.models.posts import TelegramPost


class PostThumbnail(models.Model):
    """A small picture of a post, of our own making: nobody's browser asks Telegram for it."""

    post = models.ForeignKey(TelegramPost, models.CASCADE, db_constraint=False, related_name="thumbnails")
    message_id = models.BigIntegerField()
    image = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "post_thumbnails"
        constraints = [models.UniqueConstraint(fields=["post", "message_id"], name="thumbnail_message")]

    def __str__(self) -> str:
        return f"{self.post_id}·{self.message_id}"


class CommentPhoto(models.Model):
    """A picture that a comment may carry. Its bytes never change: a repeated sending is the same message."""

    image = models.BinaryField(_("picture"))
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    description = models.CharField(
        _("description"), max_length=128, help_text=_("What is to be seen; it names the picture in lists.")
    )
    is_active = models.BooleanField(_("offered"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        db_table = "comment_photos"
        verbose_name = _("picture for comments")
        verbose_name_plural = _("pictures for comments")

    def __str__(self) -> str:
        return self.description
