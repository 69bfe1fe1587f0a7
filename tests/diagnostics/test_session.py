"""The questionnaire as a conversation, word by word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnostics import results, services, tasks
from diagnostics.models import DiagnosticResult, JourneyProgress, UserSession
from diagnostics.questionnaire import Questionnaire
from relove.management.upkeep import REGULAR
from relove.models import TelegramUser, UserActivityLog

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
State = UserSession.State


class Talk:
    """A person and the questionnaire; `say` answers with what they read next."""

    def __init__(self, person: TelegramUser, language: str = "ru") -> None:
        self.person, self.now = person, NOW
        self.session, self.turn = services.start(person, language, NOW)

    def say(self, text: str) -> str:
        self.now += timedelta(minutes=1)
        self.turn = services.answer(self.session.pk, text, self.now)
        self.session.refresh_from_db()
        return self.turn.text

    @property
    def place(self) -> int:
        return len(Questionnaire(self.session).answers) + 1


@pytest.fixture
def talk(person: TelegramUser) -> Talk:
    return Talk(person)


@pytest.fixture
def agreed(talk: Talk) -> Talk:
    talk.say("Да")
    return talk


def test_consent_comes_first_and_is_kept(talk: Talk) -> None:
    assert "18" in talk.turn.text
    assert "24 мес" in talk.turn.text

    first = talk.say("Да, согласна!")

    assert talk.session.consent_at == talk.now
    assert talk.session.consent_version == services.CONSENT_VERSION
    assert "1/20." in first
    assert UserActivityLog.objects.filter(activity_type="diagnostics_consent", user=talk.person).exists()


@pytest.mark.parametrize("refusal", ["нет", "Не хочу"])
def test_without_consent_nothing_is_asked(talk: Talk, refusal: str) -> None:
    talk.say(refusal)

    assert (talk.session.state, talk.session.is_active) == (State.REFUSED, False)
    with pytest.raises(services.NothingToAnswer):
        services.answer(talk.session.pk, "1", NOW)


def test_an_unclear_consent_is_none(talk: Talk) -> None:
    for _ in range(services.ASKED_AGAIN + 1):
        talk.say("ну расскажите ещё")

    assert talk.session.state == State.REFUSED
    assert talk.session.consent_at is None


@pytest.mark.parametrize("how", ["paused", "rested"])
def test_no_way_leads_around_the_consent(talk: Talk, how: str) -> None:
    if how == "paused":
        talk.say("пауза")
    else:
        UserSession.objects.update(state=State.RESTING)

    assert services.hears(talk.person, "1") is None
    assert "18" in talk.say("продолжить")
    assert talk.session.state == State.CONSENT
    assert talk.say("да").endswith(Questionnaire(talk.session).current.options.last().text)  # type: ignore[union-attr]


@pytest.mark.parametrize("words", ["2", "№2", "2.", "вариант 2", "Прислушиваюсь, тепло ли мне с этими людьми"])
def test_an_answer_by_number_or_its_own_words(agreed: Talk, words: str) -> None:
    agreed.say("пропустить")
    agreed.say(words)

    assert agreed.place == 3
    assert agreed.session.question_count == 1


def test_free_words_wait_for_the_model_and_survive_a_restart(agreed: Talk) -> None:
    assert agreed.say("я обычно сначала всё изучаю") == ""
    reading = services.unread(UserSession.objects.get(pk=agreed.session.pk))

    assert agreed.session.state == State.MAPPING
    assert reading == agreed.turn.reading
    assert reading is not None
    turn = services.mapped(reading, reading.options[0][0], agreed.now)
    assert turn.text.startswith("2/20.")


def test_words_nobody_understands_are_asked_again_twice_then_skipped(agreed: Talk) -> None:
    places = []
    for _ in range(services.ASKED_AGAIN + 1):
        agreed.say("ээ")
        assert agreed.turn.reading is not None
        services.mapped(agreed.turn.reading, None, agreed.now)
        agreed.session.refresh_from_db()
        places.append(agreed.place)

    assert places == [1, 1, 2]
    assert agreed.session.question_count == 0


def test_a_late_mapping_changes_nothing(agreed: Talk) -> None:
    agreed.say("ээ")
    reading = agreed.turn.reading
    assert reading is not None
    agreed.say("1")

    assert services.mapped(reading, reading.options[1][0], agreed.now) == services.Turn()
    agreed.session.refresh_from_db()
    assert agreed.place == 2


@pytest.mark.parametrize("nonsense", ["0", "99", "", "  "])
def test_a_number_out_of_range_is_asked_again_without_a_model(agreed: Talk, nonsense: str) -> None:
    text = agreed.say(nonsense)

    assert agreed.turn.reading is None
    assert "1/20." in text


def test_back_pause_and_go_on(agreed: Talk) -> None:
    agreed.say("1")
    assert agreed.say("Назад").startswith("1/20.")
    agreed.say("1")
    agreed.say("пауза")

    assert agreed.session.state == State.PAUSED
    assert services.hears(agreed.person, "сколько стоит программа?") is None
    assert services.hears(agreed.person, "Продолжить") == agreed.session
    assert agreed.say("продолжить").startswith("2/20.")


def test_finishing_early_keeps_what_was_said(agreed: Talk) -> None:
    agreed.say("1")
    agreed.say("закончить")

    assert (agreed.session.state, agreed.session.is_active) == (State.STOPPED, False)
    assert not DiagnosticResult.objects.exists()


def test_skipping_everything_is_no_result(agreed: Talk) -> None:
    while not agreed.turn.ended:
        agreed.say("пропустить")

    assert agreed.session.state == State.INCOMPLETE
    assert not DiagnosticResult.objects.exists()


def test_to_the_end(agreed: Talk) -> None:
    while not agreed.turn.ended:
        agreed.say("1")
    result = DiagnosticResult.objects.get(user=agreed.person)
    progress = JourneyProgress.objects.get(user=agreed.person)

    assert agreed.session.state == State.COMPLETED
    assert (result.psychotype_id, result.journey_stage_id) == ("ANALYTICAL", "ORDINARY_WORLD")
    assert "🔥⚪️" in agreed.turn.text
    assert "Путь Героя" in agreed.turn.text
    assert result.recommended_stream is not None
    assert progress.transitions[-1]["stage"] == progress.current_stage_id == "ORDINARY_WORLD"
    agreed.person.refresh_from_db()
    assert agreed.person.hero_stage == "ORDINARY_WORLD"


def test_the_person_sees_where_they_are_whenever_they_ask(agreed: Talk) -> None:
    assert services.progress(agreed.person, "Мой путь", "ru") == "", "nothing is known yet"
    while not agreed.turn.ended:
        agreed.say("1")
    told = services.progress(agreed.person, "Мой путь", "ru")

    assert told.startswith("🔥⚪️")
    assert "Обычный мир" in told
    assert services.progress(agreed.person, "сколько стоит программа?", "ru") == ""


def test_a_second_start_goes_on_where_it_was(agreed: Talk) -> None:
    agreed.say("1")
    agreed.say("пауза")
    session, turn = services.start(agreed.person, "ru", NOW)

    assert session == agreed.session
    assert turn.text.startswith("2/20.")


def test_one_reminder_then_rest(agreed: Talk) -> None:
    day = timedelta(hours=24, minutes=1)
    assert services.silent(agreed.now + day / 2) == []
    assert services.silent(agreed.now + day) == [(agreed.session.pk, agreed.person.pk)]
    assert services.remind(agreed.session.pk, agreed.now + day).text
    assert services.remind(agreed.session.pk, agreed.now + day).text == ""
    assert services.rest(agreed.now + 1.9 * day) == 0
    assert services.silent(agreed.now + 2 * day) == []
    assert services.rest(agreed.now + 2 * day) == 1
    assert services.hears(agreed.person, "привет") is None


def test_the_whole_of_it_in_english(person: TelegramUser) -> None:
    talk = Talk(person, "en")
    talk.say("yes")
    while not talk.turn.ended:
        talk.say("2")

    assert "therapy" in talk.turn.text
    assert not any("а" <= letter <= "я" for letter in talk.turn.text.lower())


def test_a_stop_ends_it_without_a_word(agreed: Talk) -> None:
    services.stop(agreed.person, agreed.now)
    agreed.session.refresh_from_db()

    assert (agreed.session.state, agreed.session.is_active) == (State.STOPPED, False)


@pytest.mark.parametrize("months", [24, 3])
def test_old_notes_are_forgotten(agreed: Talk, settings: Any, months: int) -> None:
    settings.DIAGNOSTICS_MONTHS = months
    while not agreed.turn.ended:
        agreed.say("1")
    UserSession.objects.update(created_at=NOW)
    DiagnosticResult.objects.update(created_at=NOW)

    assert results.forget_old(NOW + timedelta(days=(months - 1) * 30)) == 0
    assert results.forget_old(NOW + timedelta(days=(months + 1) * 31)) == 1
    assert not DiagnosticResult.objects.exists()
    assert not UserSession.objects.exists()
    assert (f"{tasks.forget_old.__module__}.{tasks.forget_old.__name__}", 24 * 60) in REGULAR
