"""Registers what study groups hear, their account calls and rows of the long task, and the script's action."""

from collections.abc import Sequence
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


def chat_of(update: Update) -> int | None:
    """The group or channel where it happened; None for what cannot be a study group."""
    if isinstance(update, NewMessage | EditedMessage):
        chat, is_post = update.message.chat, update.message.is_post
        return chat.id if chat.kind == PeerKind.CHANNEL and not is_post else None
    return update.chat.id if isinstance(update, DeletedMessages) and update.chat else None


def may_be_a_group(update: Update) -> bool:
    return chat_of(update) is not None


def are_ours(heard: Sequence[updates.Heard]) -> list[bool]:
    """Which of these were heard in a study group by its host."""
    places = [(account, chat_of(update)) for account, update in heard]
    ours = hearing.hosted(places)
    return [place in ours for place in places]


@updates.on(NewMessage.kind, may_be_a_group, are_ours)
@updates.on(EditedMessage.kind, may_be_a_group, are_ours)
def seen(account_id: int, update: Update) -> None:
    assert isinstance(update, NewMessage | EditedMessage)
    if group := hearing.heard_by(account_id, update.message.chat.id):
        saw = hearing.saw if isinstance(update, NewMessage) else hearing.edited
        saw(group.pk, update.message, timezone.now())


@updates.on(DeletedMessages.kind, may_be_a_group, are_ours)
def taken_back(account_id: int, update: Update) -> None:
    assert isinstance(update, DeletedMessages)
    assert update.chat is not None
    if group := hearing.heard_by(account_id, update.chat.id):
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
