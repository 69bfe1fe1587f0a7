"""Private messages of commentators and practice partners."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.private.model import PrivateMessage, private_constraints, private_indexes
from commentators.models.voices import CommentatorAccount


class DirectMessage(PrivateMessage):
    """A message between a commentator or a practice partner and a person."""

    account = models.ForeignKey(
        CommentatorAccount,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("commentator"),
        related_name="direct_messages",
    )

    class Meta:
        db_table = "direct_messages"
        verbose_name = _("private message")
        verbose_name_plural = _("private messages")
        constraints = private_constraints("direct")
        indexes = private_indexes("direct")
