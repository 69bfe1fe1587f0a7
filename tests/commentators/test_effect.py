"""What comments bring: sums, the period before, and trails to private messages."""

from datetime import date, timedelta

from django.test import Client
from django.urls import reverse

from accounts_mgmt.outbox import Status
from commentators import effect, touches
from commentators.effect import Period, Sums
from commentators.models import DirectMessage, GeneratedComment
from commentators.touches import Rule
from relove.models import Chat, Staff, TelegramUser, UserActivityLog
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from tests.commentators.conftest import NOW, Place
from tests.commentators.conftest import staff as staff

PERIOD = Period(date(2026, 3, 9), date(2026, 3, 15))
GROUP = Peer(PeerKind.CHANNEL, 200)
LENA = Person(501, "lena", "Лена")
IGOR = Person(502, "igor", "Игорь")


def sent(place: Place, number: int, at: object = NOW, account: int = 0, **metrics: int | None) -> GeneratedComment:
    comment: GeneratedComment = GeneratedComment.objects.create(
        post=place.post(number),
        channel=place.channel,
        account=place.accounts[account],
        sender=place.accounts[account].session,
        chat=place.channel.discussion,
        text="Комментарий",
        status=Status.SENT,
        sent_at=at,
        message_id=1000 + number,
        reply_to=number,
        engagement_metrics=metrics or None,
    )
    return comment


def wrote(person: Person, place: Place, days: float) -> DirectMessage:
    """A private message, so many days after NOW."""
    user = TelegramUser.objects.get_or_create(telegram_id=person.id)[0]
    row = DirectMessage.objects.create(
        sender=place.accounts[1].session,
        user=user,
        chat=Chat.objects.get_or_create(kind=Chat.Kind.PRIVATE, telegram_id=person.id)[0],
        direction=DirectMessage.Direction.IN,
        text="Здравствуйте",
        status=Status.SENT,
    )
    DirectMessage.objects.filter(pk=row.pk).update(created_at=NOW + timedelta(days=days))
    return row


def said(person: Person | None, number: int, **where: int) -> Message:
    return Message(GROUP, number, f"Отклик {number}", NOW + timedelta(minutes=number), sender=person, **where)


def test_sums_stand_beside_those_of_the_period_before(place: Place) -> None:
    sent(place, 1, likes=3, replies=1, post_views=200)
    sent(place, 2, account=1, likes=0, replies=0, post_views=None)
    sent(place, 3, at=NOW - timedelta(days=7), likes=5, replies=0, post_views=50)
    sent(place, 4, at=NOW - timedelta(days=70), likes=9, replies=9, post_views=9)
    GeneratedComment.objects.filter(message_id=1002).update(status=Status.SENT)
    found = effect.report(PERIOD)
    assert found.pair("all") == (Sums(2, 1, 3, 1, 200), Sums(1, 1, 5, 0, 50))
    first, second = (str(account.pk) for account in place.accounts)
    assert found.pair("account", first) == (Sums(1, 1, 3, 1, 200), Sums(1, 1, 5, 0, 50))
    assert found.pair("account", second)[0] == Sums(1, 0, 0, 0, None)
    # 9:00 UTC is noon in Moscow, the zone of the pages
    assert found.keys("hour") == ["12"]
    assert found.keys("voice") == ["коротко · тепло"]
    assert found.pair("day", "2026-03-10")[0].comments == 2


def test_nothing_sent_is_nothing_and_not_an_error(place: Place) -> None:
    found = effect.report(PERIOD)
    assert (found.pair("all"), found.keys("channel")) == ((Sums(), Sums()), [])
    assert found.pair("all")[0].response is None
    assert effect.origins(PERIOD) == effect.Origins({Rule.REPLY: 0, Rule.SAME_POST: 0}, 0)


def test_best_comments_come_first_and_unanswered_ones_not_at_all(place: Place) -> None:
    liked = sent(place, 1, likes=3, replies=0)
    answered = sent(place, 2, likes=0, replies=2)
    sent(place, 3, likes=0, replies=0)
    sent(place, 4)
    assert list(effect.best(PERIOD)) == [answered, liked]


def test_a_period_ends_with_its_last_day_where_the_pages_are() -> None:
    assert (PERIOD.start.isoformat(), PERIOD.end.isoformat()) == (
        "2026-03-09T00:00:00+03:00",
        "2026-03-16T00:00:00+03:00",
    )
    assert PERIOD.before == Period(date(2026, 3, 2), date(2026, 3, 8))


def test_touches_are_noted_once_by_rule_and_never_for_our_own(place: Place) -> None:
    comment = sent(place, 7)
    ours = Person(2, "anna", "Анна")
    heard = [
        said(LENA, 1100, reply_to=1007),
        said(IGOR, 1101, reply_to=7),
        said(ours, 1102, reply_to=1007),
        said(None, 1103, reply_to=1007),
        said(Person(503, "bot", "Бот", is_bot=True), 1104, reply_to=1007),
        # before the comment, and elsewhere
        said(Person(504, "old", "Пётр"), 900, reply_to=7),
        said(Person(505, "far", "Нина"), 1105, reply_to=8),
    ]
    assert touches.record(200, [comment], heard, NOW) == 2
    assert touches.record(200, [comment], heard, NOW) == 0
    rows = UserActivityLog.objects.order_by("id").values_list("user__username", "activity_type", "subject_id")
    assert set(rows) == {("lena", Rule.REPLY, comment.id), ("igor", Rule.SAME_POST, comment.id)}


def test_the_person_s_page_leads_to_the_comment_they_answered(place: Place, client: Client, staff: Staff) -> None:
    comment = sent(place, 7)
    touches.record(200, [comment], [said(LENA, 1101, reply_to=1007), said(LENA, 1100, reply_to=1007)], NOW)
    Staff.objects.update(is_superuser=True, is_staff=True)
    client.force_login(staff)
    user = TelegramUser.objects.get(username="lena")
    page = client.get(reverse("admin:relove_telegramuser_change", args=[user.pk])).content.decode()
    assert "Отклик 1100" in page, "the first of two answers"
    assert reverse("admin:commentators_generatedcomment_change", args=[comment.pk]) in page


def test_a_trail_names_its_rule_and_who_has_not_written(place: Place) -> None:
    comment = sent(place, 7)
    nina = Person(505, "nina", "Нина")
    heard = [said(LENA, 1100, reply_to=1007), said(LENA, 1101, reply_to=7), said(IGOR, 1102, thread=7)]
    touches.record(200, [comment], [*heard, said(nina, 1103, reply_to=1007)], NOW)
    message = wrote(LENA, place, days=1)
    wrote(IGOR, place, days=effect.TRAIL_DAYS + 1)
    wrote(nina, place, days=-1)
    steps = [(step.touch.user.username, step.rule, step.message) for step in effect.trail(comment)]
    assert steps == [("lena", Rule.REPLY, message), ("nina", Rule.REPLY, None), ("igor", Rule.SAME_POST, None)]


def test_where_new_correspondents_came_from_is_known_or_unknown(place: Place) -> None:
    comment = sent(place, 7)
    touches.record(200, [comment], [said(LENA, 1100, reply_to=1007), said(IGOR, 1101, thread=7)], NOW)
    for person in (LENA, IGOR, Person(600, "stranger", "Глеб")):
        wrote(person, place, days=1)
    wrote(LENA, place, days=2)
    found = effect.origins(PERIOD)
    assert (found.by_rule, found.unknown, found.all) == ({Rule.REPLY: 1, Rule.SAME_POST: 1}, 1, 3)
