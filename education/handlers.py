"""Registers what study groups hear, their account calls and rows of the long task, and the script's action."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts_mgmt import updates
from education import building as building
from education import hearing, playing, services
from relove import llm_work
from relove.telegram.gateway import DeletedMessages, EditedMessage, NewMessage, PeerKind, Update
from sales import actions
from sales.dialogues import leave_to_person
from sales.models import ClientConversation

llm_work.register(playing.claim, playing.advance_one, "education_groups")


@updates.on(NewMessage.kind)
@updates.on(EditedMessage.kind)
def seen(account_id: int, update: Update) -> None:
    assert isinstance(update, NewMessage | EditedMessage)
    chat = update.message.chat
    group = hearing.heard_by(account_id, chat.id) if chat.kind == PeerKind.CHANNEL else None
    if group is not None:
        saw = hearing.saw if isinstance(update, NewMessage) else hearing.edited
        saw(group.pk, update.message, timezone.now())


@updates.on(DeletedMessages.kind)
def taken_back(account_id: int, update: Update) -> None:
    assert isinstance(update, DeletedMessages)
    if update.chat is not None and (group := hearing.heard_by(account_id, update.chat.id)):
        hearing.deleted(group.pk, update.ids)


def make_group(conversation_id: int, now: datetime) -> None:
    """The script's action: a study group for the client; what stands in the way is told to a person."""
    conversation = ClientConversation.objects.select_related("account", "user").get(pk=conversation_id)
    try:
        with transaction.atomic():
            services.create(conversation.account, conversation.user, now)
    except ValidationError as error:
        leave_to_person(conversation, " ".join(error.messages))


actions.register(actions.Action(actions.CREATE_GROUP, _("create a study group"), make_group))
