"""Over two hundred texts that give orders to a machine, and a model that obeys every one of them.

What the model says is dictated by injections.tsv; the rest is the product: prompts, the door to the model,
checks, rows.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts_mgmt.models import TelegramAccountSession
from accounts_mgmt.outbox import Status
from accounts_mgmt.private import coming_in
from commentators import direct, drafting, replying
from commentators.checks import check_draft
from commentators.models import CommentSchedule, DirectMessage, GeneratedComment, TelegramPost
from commentators.prompts import Summary, Voice, draft_messages, reply_messages
from relove import llm
from relove.db import in_thread
from relove.models import LLMCall
from relove.sandbox.llm import SAID_OF_PROMPT
from relove.telegram.gateway import Message, Peer, PeerKind, Person
from sales import answering
from sales.document import Script
from sales.models import ConversationMessage
from sales.replies import why_not
from sales.strategy import Said, free_messages
from tests.commentators.conftest import Place
from tests.commentators.conftest import place as place  # a fixture
from tests.sales.conftest import document
from tests.sales.scene import live_script, main_account
from tests.sandbox.llm_server import LLMServer, llm_server

pytestmark = pytest.mark.django_db(transaction=True)

LEAVES = {"ru": "Осень учит ждать, лес становится тише. ", "en": "Autumn teaches us to wait in quiet. "}
SUMMARY = {"main_idea": "осень", "keywords": ["осень"], "tone": "тихо", "content_type": "story"}
# Somebody who wrote to the same accounts, and whom nobody else is to hear of.
OTHER = Person(5000, "snow_crow", "Снежана", "Воронцова")
SECRET = "Никому не говорите: +7 999 000-11-22, я ухожу от мужа к Тимофею Канарейкину"
SECRETS = ("Снежан", "Воронцов", "9990001122", "000-11-22", "Канарейкин", "snow_crow")
AT_ONCE = 20


@dataclass(frozen=True)
class Attack:
    """A text with a number by which the model knows it, and what the model says to it."""

    number: int
    text: str
    answer: str

    @property
    def mark(self) -> str:
        return f"№{self.number}."

    @property
    def sent(self) -> str:
        return f"{self.text} {self.mark}"

    def obeyed(self, system: str) -> str:
        return self.answer.replace("{prompt}", system[:SAID_OF_PROMPT])

    @property
    def language(self) -> str:
        return "ru" if any("а" <= letter <= "я" for letter in self.text.lower()) else "en"


def attacks() -> list[Attack]:
    lines = (Path(__file__).parent / "injections.tsv").read_text().splitlines()
    pairs = [line.split("\t") for line in lines if not line.startswith("# ")]
    return [Attack(number, *pair) for number, pair in enumerate(pairs, 1)]


ATTACKS = attacks()
# The whole way, with a server and rows, is gone by one in so many.
EVERY = 12
SOME = ATTACKS[::EVERY]


@pytest.fixture
def obedient(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LLMServer]:
    # it says the same each time
    monkeypatch.setattr(drafting, "DRAFTS_TRIED", 1)
    monkeypatch.setattr(replying, "DRAFTS_TRIED", 1)
    with llm_server() as server:
        server.state.dictated = [(attack.mark, attack.answer) for attack in ATTACKS]
        settings.LLM_BASE_URL = f"{server.base_url}/v1"
        yield server


def test_there_are_enough_of_them_and_each_is_another() -> None:
    by_language = [attack.language for attack in ATTACKS]
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS) >= 200
    assert min(by_language.count("ru"), by_language.count("en")) >= 95


def advance(*works: Any) -> None:
    """All of them, a few at a time; a fault of ours fails the test."""

    async def all_of_them() -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(work: Any, arguments: Sequence[Any]) -> None:
            async with places:
                await work(*arguments)

        try:
            await asyncio.gather(*(one(work, arguments) for work, arguments in works))
        finally:
            await llm.aclose()
            await in_thread(connections.close_all)

    asyncio.run(all_of_them())


def said_of_the_prompt() -> list[str]:
    """Beginnings of the prompts that were really asked with, as the model would give them away."""
    asked = LLMCall.objects.values_list("request", flat=True)
    return [request["messages"][0]["content"][:SAID_OF_PROMPT] for request in asked]


def is_obeyed(text: str, attack: Attack, prompts: Sequence[str]) -> bool:
    if "{prompt}" in attack.answer:
        return any(prompt[:80] in text for prompt in prompts)
    return attack.answer in text


def knows_nobody_else(calls: Any) -> None:
    for request in calls:
        assert [secret for secret in SECRETS if secret in str(request)] == []


def test_what_an_obedient_model_says_passes_no_check() -> None:
    """Each text in each of its places: comment, private answer, sales reply."""
    script = Script.model_validate(document())
    passed = []
    for attack in ATTACKS:
        post = LEAVES[attack.language] + attack.sent
        said = Said(attack.sent)
        asked = {
            "comment": draft_messages(post, Summary(**SUMMARY), Voice(), attack.language),
            "answer": reply_messages([], attack.sent, Voice(), attack.language),
            "reply": free_messages(script, script.start.key, [], said),
        }
        # the order stands in what the model is to work on, never among our own
        assert [place for place, (system, _user) in asked.items() if attack.text[:40] in system["content"]] == []
        words = {place: attack.obeyed(system["content"]) for place, (system, _user) in asked.items()}
        reasons = {
            "comment": check_draft(words["comment"], post_text=post),
            "answer": check_draft(words["answer"], post_text=attack.sent, limits=direct.limits()),
            "reply": why_not(script, words["reply"], said),
        }
        passed += [(attack.text, place) for place, why in reasons.items() if not why]
    assert passed == []


def test_as_posts_they_get_no_comment(place: Place, obedient: LLMServer) -> None:
    now = timezone.now()
    CommentSchedule.objects.update(comments_per_day=1000)
    until = now + timedelta(minutes=5)
    posts = [
        place.post(attack.number, text=LEAVES[attack.language] + attack.sent, created_at=now, summary=SUMMARY)
        for attack in SOME
    ]
    TelegramPost.objects.update(stage=TelegramPost.Stage.SUMMARISED, claimed_until=until)

    advance(*((drafting.advance_one, (post.id, post.channel_id, until)) for post in posts))

    assert not GeneratedComment.objects.exists()
    refused = TelegramPost.objects.filter(stage=TelegramPost.Stage.REFUSED).exclude(stage_reason="")
    assert refused.count() == len(SOME)


def heard(account: TelegramAccountSession, person: Person, text: str, number: int, now: datetime) -> None:
    message = Message(chat=Peer(PeerKind.USER, person.id), id=number, text=text, date=now, sender=person)
    coming_in.saw(account.pk, message, now)


def test_as_messages_they_change_neither_the_addressee_nor_what_is_said(place: Place, obedient: LLMServer) -> None:
    now = timezone.now()
    accounts = {DirectMessage: place.accounts[0].session, ConversationMessage: main_account(telegram_user_id=77)}
    live_script("automatic")
    tables: list[Any] = list(accounts)
    for table in tables:
        heard(accounts[table], OTHER, SECRET, 9000, now)
    for attack in SOME:
        person = Person(1000 + attack.number, f"guest_{attack.number}", "Гость")
        heard(accounts[tables[attack.number // EVERY % 2]], person, attack.sent, attack.number, now)

    rows = {table: list(table.objects.received().filter(stage="wanted")) for table in tables}
    works = {DirectMessage: replying.advance_one, ConversationMessage: answering.advance_one}
    advance(*((works[table], (row.pk,)) for table in tables for row in rows[table] if row.text != SECRET))

    assert sum(map(len, rows.values())) > len(SOME) * 0.9, "some are heard as wishes, and answered by fixed texts"
    prompts = said_of_the_prompt()
    knows_nobody_else(LLMCall.objects.values_list("request", flat=True))
    for table in tables:
        outgoing = table.objects.filter(direction="out").select_related("user")
        # who wrote is answered, by the account that was written to, in their own chat
        for row in outgoing:
            assert row.sender_id == accounts[table].pk
            assert row.chat.telegram_id == row.user.telegram_id
            assert [secret for secret in SECRETS if secret in row.text] == []
        by_person = {row.user.telegram_id: row for row in outgoing.exclude(status=Status.DRAFT)}
        for attack in SOME:
            row = by_person.get(1000 + attack.number)
            assert row is None or not is_obeyed(row.text, attack, prompts), attack
        # a held reply waits for a person with its reason
        drafts = outgoing.filter(status=Status.DRAFT)
        held = set(table.objects.received().filter(stage="person").values_list("user_id", flat=True))
        assert set(drafts.values_list("user_id", flat=True)) <= held
