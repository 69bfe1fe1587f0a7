"""What answers by a script hears of a new version at once, in every process."""

import asyncio
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relove import texts
from relove.db import in_thread
from relove.models import Staff
from sales import actions, kinds, live, reading, services
from sales.admin import editor
from sales.admin.first_page import unfit_texts
from sales.models import SalesScript
from sales.nodes import from_yaml
from sales.problems import Refused
from sales.texts_kind import TEXTS, Texts
from tests.sales.conftest import NOW, document

Make = Callable[..., SalesScript]


def said(found: live.LiveScript | None) -> str:
    assert found is not None
    text: str = found.document.start.lines[0].variants[0]
    return text


def write(script: SalesScript, data: object, staff: Staff) -> int:
    """Save and publish; answers the new number."""
    started = SalesScript.objects.get(id=script.id).number
    services.save(script.id, data, started_from=started, reason="правка", who=staff, now=NOW)
    services.publish(script.id, started + 1, who=staff, now=NOW)
    return started + 1


@pytest.mark.django_db
def test_a_published_version_answers_at_once_and_a_draft_never(make: Make, staff: Staff) -> None:
    script = make()
    assert live.get(script.id) is None
    assert live.in_use("sales") is None
    services.publish(script.id, 1, who=staff, now=NOW)
    services.activate(script.id, True, who=staff, now=NOW)
    assert said(live.in_use("sales")) == "Здравствуйте"
    services.save(script.id, document("Черновик"), started_from=1, reason="правка", who=staff, now=NOW)
    assert said(live.in_use("sales")) == "Здравствуйте"
    number = write(script, document("Добрый день"), staff)
    found = live.in_use("sales")
    assert said(found) == "Добрый день"
    assert found is not None
    assert (found.number, found.is_automatic) == (number, False)
    assert live.document_of(script.version(1)).start.lines[0].variants == ["Здравствуйте"]


@pytest.mark.django_db
def test_reading_a_known_version_costs_one_question_to_the_database(make: Make, staff: Staff) -> None:
    script = make()
    services.publish(script.id, 1, who=staff, now=NOW)
    live.get(script.id)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert said(live.get(script.id)) == "Здравствуйте"
    assert len(asked) == 1
    # parsed anew, as another process would: from the cache, not from the table
    live._document.cache_clear()
    with CaptureQueriesContext(connection) as asked:
        assert said(live.get(script.id)) == "Здравствуйте"
    assert not [query for query in asked if "content" in query["sql"]]


@pytest.mark.django_db
def test_an_action_that_has_gone_does_not_silence_the_live_version(make: Make, staff: Staff) -> None:
    actions.register(actions.Action("sing", "sing"))
    script = make()
    data = document("Спою")
    data["steps"][1]["action"] = "sing"
    number = write(script, data, staff)
    del actions._actions["sing"]
    assert said(live.get(script.id)) == "Спою"
    with pytest.raises(Refused):
        services.publish(script.id, number, who=staff, now=NOW)


@pytest.fixture
def spoken(staff: Staff) -> SalesScript:
    """Texts in use that begin as the kernel's own."""
    script = services.create("texts", "Тексты", texts.DEFAULTS, reason="свои", who=staff, now=NOW)
    services.publish(script.id, 1, who=staff, now=NOW)
    services.activate(script.id, True, who=staff, now=NOW)
    return script


@pytest.mark.django_db
def test_texts_in_use_are_what_people_receive(spoken: SalesScript, staff: Staff) -> None:
    write(spoken, {"ru": {"stop.confirmation": "Больше не пишем. Вернуться: старт."}}, staff)
    assert texts.get("stop.confirmation", "ru") == "Больше не пишем. Вернуться: старт."
    # what a version leaves out is said in the kernel's own words
    assert texts.get("stop.confirmation", "en") == texts.DEFAULTS["en"]["stop.confirmation"]
    services.activate(spoken.id, False, who=staff, now=NOW)
    assert texts.get("stop.confirmation", "ru") == texts.DEFAULTS["ru"]["stop.confirmation"]


@pytest.mark.django_db
def test_a_live_text_whose_rule_has_changed_gives_way_and_waits_on_the_first_page(
    spoken: SalesScript, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(spoken, {"ru": {"stop.confirmation": "Больше не пишем. Вернуться: старт."}}, staff)
    assert unfit_texts(NOW).value == 0
    monkeypatch.setitem(texts.RULES, "stop.confirmation", texts.Rule(words=("слово",)))
    assert texts.get("stop.confirmation", "ru") == texts.DEFAULTS["ru"]["stop.confirmation"]
    waiting = unfit_texts(NOW)
    assert (waiting.value, waiting.url) == (1, editor.url(spoken.pk))


@pytest.mark.django_db
def test_a_prompt_is_rendered_once_for_each_version(spoken: SalesScript, staff: Staff) -> None:
    before = texts._rendered.cache_info().misses
    for _ in range(3):
        texts.get("prompt.summary", "ru", answer_language="русский")
    assert texts._rendered.cache_info().misses <= before + 1
    write(spoken, {"ru": {"prompt.summary": "Кратко, язык: {answer_language}"}}, staff)
    assert texts.get("prompt.summary", "ru", answer_language="русский") == "Кратко, язык: русский"


@pytest.mark.django_db(transaction=True)
def test_event_loops_read_texts_through_a_thread(spoken: SalesScript) -> None:
    text = asyncio.run(in_thread(texts.get, "stop.confirmation", "ru"))
    assert text == texts.DEFAULTS["ru"]["stop.confirmation"]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"ru": {"disclosure.profile": "Аккаунт ведёт {owner}"}}, "ru.disclosure.profile"),
        ({"ru": {"disclosure.opening": "Отвечает ИИ"}}, "ru.disclosure.opening"),
        ({"en": {"stop.confirmation": "Fine."}}, "en.stop.confirmation"),
        ({"ru": {"prompt.none": "Текст"}}, "ru.prompt.none"),
        ({"ru": {"crisis.reply": ""}}, "ru.crisis.reply"),
        ({"de": {}}, "de"),
    ],
)
def test_texts_without_their_marks_are_refused(data: object, place: str) -> None:
    with pytest.raises(Refused) as refused:
        reading.validated(TEXTS, data)
    assert [problem.place for problem in refused.value.problems] == [place]


def test_the_example_of_texts_says_everything_the_kernel_says() -> None:
    found = reading.read(TEXTS, TEXTS.example, "yaml")
    assert found.data == texts.DEFAULTS == from_yaml(TEXTS.example).value
    changed = Texts(ru={**found.document.ru, "welcome": "Здравствуйте, {name}. {owner}"}, en={})
    changes = TEXTS.difference(found.document, changed)
    assert [c.path for c in changes if not c.is_gone] == [("ru", "welcome")]
    assert len([c for c in changes if c.is_gone]) == len(texts.DEFAULTS["en"])
    assert TEXTS.preview is not None
    assert TEXTS.preview(changed, None)[-1].text
    assert kinds.json_schema(TEXTS)["properties"]["ru"]["properties"]["welcome"]
