"""The questionnaire as a conversation. Who carries it (sales) sends what these functions return.

    consent ──▶ asking ⇄ mapping ──▶ completed | incomplete        aside: refused, paused, resting, stopped

Everything a person says is heard for a stop or a crisis before it comes here (accounts_mgmt.contacts).
Each function is one transaction and sends nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from diagnostics import results
from diagnostics.models import DiagnosticQuestion, DiagnosticResult, JourneyProgress, UserSession
from diagnostics.questionnaire import Questionnaire, asked, chosen_by, opening_data
from diagnostics.scoring import TooFewAnswers
from diagnostics.words import Word, number, said
from relove import oplog, texts
from relove.models import TelegramUser

State = UserSession.State
CONSENT_VERSION = "1"
# How often a question is asked again when an answer was not understood; then it counts as skipped.
ASKED_AGAIN = 2
SILENCE = timedelta(hours=24)
OPEN = UserSession.OPEN
QUIET = (State.PAUSED, State.RESTING)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer in free words that a model is to map to one of the options (diagnostics.mapping)."""

    session_id: int
    question_id: int
    text: str
    options: tuple[tuple[int, str], ...]
    question: str
    language: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What to say next, "" for nothing yet; `reading` is wanted first where it is there."""

    text: str = ""
    reading: Reading | None = None
    result: DiagnosticResult | None = None
    ended: bool = False


class NothingToAnswer(Exception):
    """The session does not wait for an answer."""


# --- beginning, and what belongs here ------------------------------------------------------------------


@transaction.atomic
def start(user: TelegramUser, language: str, now: datetime) -> tuple[UserSession, Turn]:
    """Begin with the question for consent; an active session goes on instead."""
    session, is_new = UserSession.objects.select_for_update(of=("self",)).get_or_create(
        user=user,
        session_type=UserSession.Type.DIAGNOSTIC,
        is_active=True,
        defaults={"language": language, "session_data": opening_data(), "heard_at": now},
    )
    if not is_new and session.state in QUIET:
        session.state = State.ASKING if session.consent_at else State.CONSENT
    text = _consent_text(session) if session.state == State.CONSENT else _current_text(session)
    return session, _told(session, Turn(text), now)


def hears(user: TelegramUser, text: str) -> UserSession | None:
    """The session that `text` of this person is an answer to; None leaves it to the dialogue.

    A session that rests or is paused hears only the word that goes on.
    """
    session = UserSession.objects.filter(user=user, is_active=True).first()
    if session is None or (session.state in QUIET and said(text) != Word.GO_ON):
        return None
    return session


def progress(user: TelegramUser, text: str, language: str) -> str:
    """Where the person stands on the journey, when their words ask for it and it is known; else ""."""
    if said(text) != Word.PROGRESS:
        return ""
    found = JourneyProgress.objects.select_related("current_stage").filter(user=user).first()
    if found is None:
        return ""
    stage = found.current_stage
    values = {"stage": stage.said("name", language), "state": stage.said("description", language)}
    return texts.get("diagnostics.progress", language, line=results.progress_line(stage), **values)


def is_open(user: TelegramUser) -> bool:
    """The person is in the middle of the questionnaire: nobody else takes up the dialogue's silence."""
    return UserSession.objects.filter(user=user, is_active=True, state__in=OPEN).exists()


def _locked(session_id: int) -> UserSession:
    return UserSession.objects.select_for_update(of=("self",)).select_related("user").get(pk=session_id)


# --- answers ---------------------------------------------------------------------------------------------


@transaction.atomic
def answer(session_id: int, text: str, now: datetime) -> Turn:
    """What follows from the person's words. Raises NothingToAnswer."""
    session = _locked(session_id)
    if not session.is_active:
        raise NothingToAnswer
    session.heard_at, session.reminded_at = now, None
    session.conversation_history.append({"at": now.isoformat(), "by": "person", "text": text[:4096]})
    word = said(text)
    if word == Word.FINISH:
        return _told(session, _stop(session, now), now)
    if session.consent_at is None:
        # wherever a pause or a rest has left the session: nothing is asked before consent
        return _told(session, _consent(session, word, now), now)
    return _told(session, _reply(session, word, text, now), now)


def _consent(session: UserSession, word: Word | None, now: datetime) -> Turn:
    if word == Word.YES:
        session.consent_version, session.consent_at, session.state = CONSENT_VERSION, now, State.ASKING
        oplog.log_activity(
            "diagnostics_consent", user_id=session.user_id, subject=(UserSession._meta.db_table, session.pk)
        )
        return _say(session, "diagnostics.how", then_question=True)
    if word == Word.PAUSE:
        return _pause(session)
    session.state = State.CONSENT
    if word == Word.GO_ON:
        return Turn(_consent_text(session))
    if word == Word.NO or session.session_data.get("asked_again", 0) >= ASKED_AGAIN:
        _close(session, State.REFUSED, now)
        return _say(session, "diagnostics.refused", ended=True)
    session.session_data["asked_again"] = session.session_data.get("asked_again", 0) + 1
    return _say(session, "diagnostics.yes_or_no")


def _reply(session: UserSession, word: Word | None, text: str, now: datetime) -> Turn:
    form = Questionnaire(session)
    commands: dict[Word, Callable[[], Turn]] = {
        Word.PAUSE: lambda: _pause(session),
        Word.BACK: lambda: _back(session, form, now),
        Word.SKIP: lambda: _skip(session, form, now),
        Word.GO_ON: lambda: _next(session, form, now),
    }
    if word in commands:
        return commands[word]()
    question = form.current
    if question is None:
        return _finish(session, form, now)
    chosen = number(text)
    if option := chosen_by(question, text, chosen):
        form.choose(question, option)
        return _next(session, form, now)
    if chosen is not None or not text.strip():
        return _unclear(session, form, now)
    session.state = State.MAPPING
    session.session_data["unread"] = text[:1000]
    return Turn(reading=_reading(session, question))


def _skip(session: UserSession, form: Questionnaire, now: datetime) -> Turn:
    if question := form.current:
        form.choose(question, None)
    return _next(session, form, now)


def _back(session: UserSession, form: Questionnaire, now: datetime) -> Turn:
    form.step_back()
    return _next(session, form, now)


def _pause(session: UserSession) -> Turn:
    session.state = State.PAUSED
    return _say(session, "diagnostics.paused")


def _stop(session: UserSession, now: datetime) -> Turn:
    _close(session, State.STOPPED, now)
    return _say(session, "diagnostics.stopped", ended=True)


def _next(session: UserSession, form: Questionnaire, now: datetime) -> Turn:
    if form.current is None:
        return _finish(session, form, now)
    session.state = State.ASKING
    session.session_data.pop("unread", None)
    return Turn(_current_text(session))


def _finish(session: UserSession, form: Questionnaire, now: datetime) -> Turn:
    try:
        outcome = form.outcome()
    except TooFewAnswers:
        _close(session, State.INCOMPLETE, now)
        return _say(session, "diagnostics.incomplete", ended=True)
    result = results.store(session, outcome, form.answers, now)
    _close(session, State.COMPLETED, now)
    return Turn(results.told(result, session.language), result=result, ended=True)


def _close(session: UserSession, state: str, now: datetime) -> None:
    session.state, session.is_active, session.completed_at = state, False, now
    session.session_data.pop("unread", None)


# --- free words ------------------------------------------------------------------------------------------


def unread(session: UserSession) -> Reading | None:
    """The answer that still waits to be mapped: after a restart the sweep finds it here."""
    question = Questionnaire(session).current
    if session.state != State.MAPPING or question is None:
        return None
    return _reading(session, question)


def _reading(session: UserSession, question: DiagnosticQuestion) -> Reading:
    return Reading(
        session_id=session.pk,
        question_id=question.pk,
        text=session.session_data.get("unread", ""),
        options=tuple((option.pk, option.said("text", session.language)) for option in question.options.all()),
        question=question.said("text", session.language),
        language=session.language,
    )


@transaction.atomic
def mapped(reading: Reading, option_id: int | None, now: datetime) -> Turn:
    """Go on with what the words meant; None asks again, at most twice, then the question is skipped.

    Says nothing where the person has gone on meanwhile.
    """
    session = _locked(reading.session_id)
    form = Questionnaire(session)
    question = form.current
    if (
        session.state != State.MAPPING
        or question is None
        or question.pk != reading.question_id
        or session.session_data.get("unread") != reading.text
    ):
        return Turn()
    option = next((o for o in question.options.all() if o.pk == option_id), None)
    if option is None:
        return _told(session, _unclear(session, form, now), now)
    form.choose(question, option)
    return _told(session, _next(session, form, now), now)


def _unclear(session: UserSession, form: Questionnaire, now: datetime) -> Turn:
    if form.asked_again >= ASKED_AGAIN:
        return _skip(session, form, now)
    form.ask_again()
    session.state = State.ASKING
    session.session_data.pop("unread", None)
    return _say(session, "diagnostics.unclear", then_question=True)


# --- silence ---------------------------------------------------------------------------------------------


def under_way() -> Any:
    """The people with a questionnaire that is not over, as a query of their ids."""
    return UserSession.objects.filter(is_active=True).values("user")


def silent(now: datetime) -> list[tuple[int, int]]:
    """(session, user) of people who have been silent for a day and were not reminded yet."""
    rows = UserSession.objects.filter(is_active=True, state__in=OPEN, heard_at__lt=now - SILENCE)
    return list(rows.filter(reminded_at=None).order_by("heard_at").values_list("id", "user_id"))


@transaction.atomic
def remind(session_id: int, now: datetime) -> Turn:
    """The one reminder; nothing where the person has spoken meanwhile."""
    session = _locked(session_id)
    if session.reminded_at or not session.is_active or session.state not in OPEN:
        return Turn()
    if session.heard_at and session.heard_at > now - SILENCE:
        return Turn()
    session.reminded_at = now
    return _told(session, _say(session, "diagnostics.reminder"), now)


def rest(now: datetime) -> int:
    """Let those rest who kept silent after the reminder too; says how many."""
    rows = UserSession.objects.filter(is_active=True, state__in=OPEN, reminded_at__lt=now - SILENCE)
    return rows.update(state=State.RESTING)


@transaction.atomic
def stop(user: TelegramUser, now: datetime) -> None:
    """The person wants nothing automatic any more: the session ends without a word."""
    for session in UserSession.objects.select_for_update().filter(user=user, is_active=True):
        _close(session, State.STOPPED, now)
        session.save()


# --- words -----------------------------------------------------------------------------------------------


def _consent_text(session: UserSession) -> str:
    values: dict[str, Any] = {"provider": settings.LLM_PROVIDER_NAME, "privacy": settings.PRIVACY_URL}
    return texts.get("diagnostics.consent", session.language, months=settings.DIAGNOSTICS_MONTHS, **values)


def _current_text(session: UserSession) -> str:
    form = Questionnaire(session)
    question = form.current
    if question is None:
        return ""
    return asked(question, len(form.answers) + 1, len(form.questions), session.language)


def _say(session: UserSession, key: str, *, then_question: bool = False, ended: bool = False) -> Turn:
    text = texts.get(key, session.language)
    if then_question:
        text = f"{text}\n\n{_current_text(session)}".strip()
    return Turn(text, ended=ended)


def _told(session: UserSession, turn: Turn, now: datetime) -> Turn:
    if turn.text:
        session.conversation_history.append({"at": now.isoformat(), "by": "us", "text": turn.text})
    session.save()
    return turn
