"""Versions: who may save what, what becomes live, and what is kept of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from relove.models import Staff, UserActivityLog
from sales import services
from sales.models import SalesScript, ScriptTest, ScriptTrigger, ScriptVersion
from sales.models.scripts import Running
from sales.problems import Refused
from tests.sales.conftest import NOW, document

Make = Callable[..., SalesScript]
pytestmark = pytest.mark.django_db


def save(script: SalesScript, text: str, staff: Staff, started_from: int, reason: str = "правка") -> ScriptVersion:
    return services.save(script.id, document(text), started_from=started_from, reason=reason, who=staff, now=NOW)


def remember(script: SalesScript, says: str) -> ScriptTest:
    turns = [{"message": "привет", "expect": {"step": "start", "says": [says]}}, {"message": "да"}]
    return ScriptTest.objects.create(script=script, name=f"говорит {says}", dialogue={"turns": turns})


def test_a_new_script_has_a_first_version_that_answers_nobody(make: Make, staff: Staff) -> None:
    script = make()
    version = script.latest()
    assert (script.number, script.live, script.mode, script.is_active) == (1, None, "draft", False)
    assert (version.number, version.state, version.history_change_reason) == (1, "draft", "первая")
    assert (version.history_user, version.script_id, version.history_date) == (staff, script.id, NOW)
    assert version.document().start.key == "start"
    assert not SalesScript.objects.in_use("sales").exists()


def test_saving_writes_the_next_version_and_leaves_the_live_one(make: Make, staff: Staff) -> None:
    script = make()
    services.publish(script.id, 1, who=staff, now=NOW)
    assert save(script, "Добрый день", staff, 1).number == 2
    script.refresh_from_db()
    assert script.live is not None
    assert script.live.number == 1
    assert script.live.document().start.lines[0].variants == ["Здравствуйте"]
    assert script.content["steps"][0]["lines"][0]["variants"] == ["Добрый день"]


def test_two_people_never_overwrite_one_another(make: Make, staff: Staff) -> None:
    script = make()
    save(script, "Раз", staff, 1)
    with pytest.raises(services.Conflict) as conflict:
        save(script, "Два", staff, 1)
    assert conflict.value.latest.number == 2
    assert "olga" in str(conflict.value)
    assert SalesScript.objects.get().content == document("Раз")


@pytest.mark.django_db(transaction=True)
def test_of_those_who_save_at_the_same_moment_one_wins_and_the_others_are_told(make: Make, staff: Staff) -> None:
    script, people, rounds = make(), 4, 5
    start = Barrier(people)

    def save_at_once(text: str, started_from: int) -> int:
        start.wait(10)
        try:
            return save(script, text, staff, started_from).number
        except services.Conflict as conflict:
            return -conflict.latest.number
        finally:
            connection.close()

    with ThreadPoolExecutor(people) as pool:
        for number in range(1, rounds + 1):
            texts = [f"Текст {number} от {who}" for who in range(people)]
            found = list(pool.map(save_at_once, texts, [number] * people))
            assert sorted(found) == [-number - 1] * (people - 1) + [number + 1]
            winner = texts[found.index(number + 1)]
            assert script.version(number + 1).content == document(winner)
    script.refresh_from_db()
    assert (script.number, script.history.count()) == (rounds + 1, rounds + 1)
    assert script.content == document(winner)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_version_needs_a_reason(make: Make, staff: Staff, reason: str) -> None:
    script = make()
    with pytest.raises(services.ReasonMissing):
        save(script, "Добрый день", staff, 1, reason)
    assert ScriptVersion.objects.count() == 1


def test_the_database_asks_for_a_reason_and_a_number_of_its_own(make: Make) -> None:
    make()
    script = SalesScript.objects.get()
    with pytest.raises(IntegrityError, match="change_description"), transaction.atomic():
        script.save()
    script._change_reason = "тот же номер"
    with pytest.raises(IntegrityError, match="script_version_number"), transaction.atomic():
        script.save()


def test_a_wrong_document_is_refused_and_changes_nothing(make: Make, staff: Staff) -> None:
    script = make()
    with pytest.raises(Refused) as refused:
        services.save(script.id, {"steps": []}, started_from=1, reason="правка", who=staff, now=NOW)
    assert [problem.place for problem in refused.value.problems] == ["steps"]
    assert ScriptVersion.objects.count() == 1


def test_publishing_moves_the_pointer_and_makes_no_version(make: Make, staff: Staff) -> None:
    script = make()
    save(script, "Добрый день", staff, 1)
    services.publish(script.id, 1, who=staff, now=NOW)
    services.publish(script.id, 2, who=staff, now=NOW + timedelta(minutes=1), running=Running.NOW)
    services.activate(script.id, True, who=staff, now=NOW)
    script.refresh_from_db()
    assert ScriptVersion.objects.count() == 2
    assert script.live == script.version(2)
    assert [v.state for v in script.history.order_by("number")] == ["retired", "live"]
    assert (script.live.published_by, script.live.running) == (staff, "now")
    assert list(SalesScript.objects.in_use("sales")) == [script]
    logged = UserActivityLog.objects.filter(activity_type="publish_script", subject_id=script.id)
    assert [row.details["number"] for row in logged.order_by("id")] == [1, 2]


@pytest.mark.usefixtures("echoing")
def test_a_red_dialogue_blocks_until_somebody_says_why_not(make: Make, staff: Staff) -> None:
    script = make()
    green, red = remember(script, "Здравствуйте 1"), remember(script, "Добрый день")
    with pytest.raises(services.Blocked, match="Добрый день") as blocked:
        services.publish(script.id, 1, who=staff, now=NOW)
    assert [trial.passed for trial in blocked.value.trials] == [True, False]
    script.refresh_from_db()
    assert script.live is None
    services.publish(script.id, 1, who=staff, now=NOW, override="ждём новую версию")
    logged = UserActivityLog.objects.get(activity_type="publish_script")
    assert logged.details["reason"] == "ждём новую версию"
    green.refresh_from_db()
    red.refresh_from_db()
    assert (green.runs, green.passes, red.runs, red.passes) == (2, 2, 2, 0)
    assert len(red.last_faults) == 1


@pytest.mark.usefixtures("echoing")
def test_going_back_is_a_new_version_live_at_once_and_not_blocked(make: Make, staff: Staff) -> None:
    script = make()
    save(script, "Добрый день", staff, 1)
    remember(script, "Добрый день")
    services.publish(script.id, 2, who=staff, now=NOW)
    published = services.roll_back(script.id, 1, reason="вернули", who=staff, now=NOW)
    script.refresh_from_db()
    assert published.version.number == script.number == 3
    assert script.live == published.version
    assert script.live.history_change_reason == "вернули"
    assert script.content == script.version(1).content
    assert [trial.passed for trial in published.trials] == [False]


def test_triggers_follow_the_live_version_and_keep_their_hits(make: Make, staff: Staff) -> None:
    script = make()
    services.publish(script.id, 1, who=staff, now=NOW)
    assert ScriptTrigger.objects.hit(script.id, "price", NOW) == 1
    term = {"key": "term", "kind": "words", "words": ["срок"], "to": "end"}
    changed = {"key": "price", "kind": "words", "words": ["цена", "стоимость"], "to": "end", "priority": 70}
    for number, triggers in ((1, [term]), (2, [changed, term])):
        data = document(triggers=triggers)
        services.save(script.id, data, started_from=number, reason="триггеры", who=staff, now=NOW)
        services.publish(script.id, number + 1, who=staff, now=NOW)
        rows = {row.key: row for row in ScriptTrigger.objects.all()}
        assert rows["price"].hits == 1
        assert (rows["price"].is_active, rows["term"].is_active) == (len(triggers) == 2, True)
    assert (rows["price"].priority, rows["price"].definition["words"]) == (70, ["цена", "стоимость"])
    assert ScriptTrigger.objects.hit(script.id, "никакой", NOW) == 0


def test_answering_by_itself_needs_a_reason_that_is_logged(make: Make, staff: Staff) -> None:
    script = make()
    with pytest.raises(services.ReasonMissing):
        services.set_mode(script.id, "automatic", reason=" ", who=staff, now=NOW)
    services.set_mode(script.id, "automatic", reason="проверен неделю", who=staff, now=NOW)
    script.refresh_from_db()
    assert script.is_automatic
    details = UserActivityLog.objects.get(activity_type="set_script_mode").details
    assert details == {"old": "draft", "new": "automatic", "reason": "проверен неделю"}
    assert ScriptVersion.objects.count() == 1


def test_of_the_sales_scripts_one_is_in_use(make: Make, staff: Staff) -> None:
    one, two = make("Первый"), make("Второй")
    for script in (one, two):
        services.publish(script.id, 1, who=staff, now=NOW)
        services.activate(script.id, True, who=staff, now=NOW)
        assert list(SalesScript.objects.in_use("sales")) == [script]
    services.activate(two.id, False, who=staff, now=NOW)
    assert not SalesScript.objects.in_use("sales").exists()
