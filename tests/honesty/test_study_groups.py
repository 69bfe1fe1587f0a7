"""Study groups: partners are introduced first, claim nothing, and never stand above a person's wish."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts_mgmt.models import Contact
from accounts_mgmt.outbox import Origin, Status
from education import building, hearing, playing, scenarios, services
from education.models import EducationGroup, GroupMessage, GroupPartner
from relove.llm import Answer
from relove.models import Staff
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from sales.models import ConversationMessage
from sales.strategy import Said
from tests.education import scene

pytestmark = pytest.mark.django_db
CLIENT = Person(900, "olga", "Ольга")


@pytest.fixture
def group() -> EducationGroup:
    return scene.begun_group(timezone.now())


def line(group: EducationGroup, role: str = "спрашивает", purpose: str = "", **fields: Any) -> GroupMessage:
    row = services.new(group, role, "Можно уточнить?", purpose)
    for name, value in fields.items():
        setattr(row, name, value)
    row.queue(timezone.now())
    row.save()
    return row


def refusals(row: GroupMessage) -> list[str]:
    rows = GroupMessage.objects.filter(pk=row.pk)
    return [str(g.reason) for g in GroupMessage.guards() if not rows.filter(g.condition).exists()]


def hears(group: EducationGroup, text: str, number: int = 50, sender: Person = CLIENT) -> GroupMessage:
    assert group.chat is not None
    place = Peer(PeerKind.CHANNEL, group.chat.telegram_id)
    message = Message(chat=place, id=number, text=text, date=timezone.now(), sender=sender)
    hearing.saw(group.pk, message, timezone.now())
    return GroupMessage.objects.get(message_id=number)


def test_a_partner_speaks_after_the_welcome_and_never_before(group: EducationGroup) -> None:
    assert refusals(line(group)) == []
    GroupMessage.objects.filter(purpose="welcome").update(status=Status.PENDING)
    by_hand = line(group, purpose="hand", origin=Origin.PERSON)
    assert [len(refusals(row)) for row in (line(group), by_hand)] == [1, 1]


def test_the_welcome_names_the_host_the_client_and_every_partner_as_ai(group: EducationGroup) -> None:
    text = building.welcome_text(group)
    for word in ("reLove", "Ольга", "Партнёр 0", "Партнёр 1", "программы с ИИ", "стоп"):
        assert word in text


def test_nobody_plays_another_ones_role(group: EducationGroup) -> None:
    row = line(group)
    row.sender = group.account
    row.save()
    assert refusals(row)


def test_a_partner_never_meets_the_same_client_twice(group: EducationGroup) -> None:
    EducationGroup.objects.update(state="ended")
    with pytest.raises(ValidationError):
        services.create(group.account, group.user, timezone.now())
    other = EducationGroup.objects.get()
    other.pk, other.code = None, "other"
    other.save()
    place = GroupPartner.objects.select_related("bot")[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupPartner.objects.create(group=other, bot=place.bot, user=group.user, role="спрашивает")


@pytest.mark.parametrize("wish", ["stopped_at", "crisis_at", "paused_until"])
def test_a_wish_of_the_client_holds_every_line_of_the_machine(group: EducationGroup, wish: str) -> None:
    row, by_person = line(group), line(group, "host", "hand", origin=Origin.PERSON)
    Contact.objects.update(**{wish: timezone.now() + timedelta(hours=1)})
    assert refusals(row)
    assert refusals(by_person) == []


def test_a_partner_whose_profile_says_nothing_of_ai_says_nothing(group: EducationGroup) -> None:
    row = line(group)
    row.sender.disclosure_seen_at = None
    row.sender.save()
    assert len(refusals(row)) == 1


def test_stop_in_the_group_ends_everything_automatic_and_is_confirmed_privately(group: EducationGroup) -> None:
    row = line(group)
    hears(group, "Стоп")
    row.refresh_from_db()
    group.refresh_from_db()
    assert (row.status, group.state) == (Status.CANCELLED, "paused")
    assert Contact.objects.get().stopped_at
    said = ConversationMessage.objects.get()
    assert (said.purpose, said.user_id) == ("stop", group.user_id)


def test_a_cry_for_help_halts_the_group_and_is_answered_privately(group: EducationGroup) -> None:
    row = hears(group, "Я не хочу больше жить")
    group.refresh_from_db()
    assert (row.stage, group.state) == ("person", "paused")
    assert ConversationMessage.objects.get().purpose == "crisis"


@pytest.mark.parametrize("is_crisis", [True, False])
def test_the_model_may_call_a_person_and_clears_nothing(group: EducationGroup, is_crisis: bool) -> None:
    row = hears(group, "А если всё это зря?")
    value = playing.HostAnswer(text="Расскажите.", crisis=is_crisis, is_covered=False)
    task = playing.Task(group, scenarios.of(group), "host", "answer", "", Said(row.text), row.pk)
    group.refresh_from_db()
    playing._store(replace(task, group=group), Answer(value, 1, "m", 1, 1, Decimal(0)), "", timezone.now())
    row.refresh_from_db()
    group.refresh_from_db()
    assert (row.stage, group.state) == ("person", "paused" if is_crisis else "running")
    assert [one.purpose for one in ConversationMessage.objects.all()] == (["crisis"] if is_crisis else [])
    assert not GroupMessage.objects.filter(purpose="answer").exists()


def test_a_persons_words_hold_the_scenario_until_they_are_answered(group: EducationGroup) -> None:
    waiting = line(group)
    row = hears(group, "А можно вопрос про задание?")
    waiting.refresh_from_db()
    assert (row.stage, waiting.status) == ("wanted", Status.CANCELLED)
    assert len(refusals(line(group))) == 1
    staff = Staff.objects.create_user("anna")
    services.say(group.pk, "host", "Конечно, спрашивайте.", staff, timezone.now())
    row.refresh_from_db()
    assert row.stage == ""
    assert refusals(line(group)) == []


def test_a_stranger_in_the_group_is_left_to_a_person(group: EducationGroup) -> None:
    assert hears(group, "Привет всем", sender=Person(901, "x", "Икс")).stage == "person"


def test_are_you_a_bot_is_answered_with_the_fixed_truth(group: EducationGroup) -> None:
    hears(group, "Ты бот?")
    answer = GroupMessage.objects.get(purpose="answer")
    assert "ИИ" in answer.text
    assert answer.role == "host"


def test_what_a_partner_may_not_say_waits_for_a_person_as_a_draft(group: EducationGroup) -> None:
    playing._write(group, "спрашивает", "Мне помогла эта практика", "", timezone.now(), "It claims.")
    row = GroupMessage.objects.get(purpose="", direction="out")
    assert (row.status, row.failed_reason) == (Status.DRAFT, "It claims.")


def test_a_scenario_in_draft_mode_says_nothing_without_approval(group: EducationGroup) -> None:
    type(group.script).objects.update(mode="draft")
    assert playing.advance(group.pk, timezone.now()) is None
    row = GroupMessage.objects.get(purpose="", direction="out")
    assert row.status == Status.DRAFT
    staff = Staff.objects.create_user("anna")
    services.approve(group.pk, row.pk, row.text, staff, timezone.now())
    row.refresh_from_db()
    assert (row.status, row.approved_by) == (Status.PENDING, staff)


def test_an_edit_keeps_the_earlier_wording_and_a_stop_written_into_it_counts(group: EducationGroup) -> None:
    row = hears(group, "Хорошо")
    assert group.chat is not None
    place = Peer(PeerKind.CHANNEL, group.chat.telegram_id)
    changed = Message(chat=place, id=50, text="Стоп", date=timezone.now(), sender=CLIENT)
    hearing.edited(group.pk, changed, timezone.now())
    row.refresh_from_db()
    assert [old["text"] for old in row.edits] == ["Хорошо"]
    assert Contact.objects.get().stopped_at
    hearing.deleted(group.pk, (50,))
    row.refresh_from_db()
    assert row.status == Status.DELETED
