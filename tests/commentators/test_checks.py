"""Every check of a draft, with what it refuses and what it lets pass."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentators.checks import Limits, check_draft, detect_language, similarity

POST = "Осень учит ждать. Лес становится тише, и в этой тишине слышны простые вещи."
GOOD = "Про тишину сказано точно: какая из простых вещей слышна первой?"
ENGLISH_POST = "Autumn teaches us to wait. The forest grows quiet and simple things can be heard."


def codes(text: str, **more: object) -> set[str]:
    return {refusal.code for refusal in check_draft(text, **{"post_text": POST} | more)}  # type: ignore[arg-type]


def test_a_good_comment_passes() -> None:
    assert codes(GOOD) == set()


def test_every_reason_is_a_sentence() -> None:
    refusals = check_draft("\0 см. https://a.ru и @name, [имя], I tried it", post_text=POST)
    assert len(refusals) > 3
    assert all(str(refusal.reason).endswith((".", "”.")) for refusal in refusals)


@pytest.mark.parametrize("text", ["", "   ", "🔥🔥🔥", "…", "123 456 789 000 111 222"])
def test_nothing_said_is_empty(text: str) -> None:
    assert "empty" in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Отличный пост!",
        "Какой интересный и полезный пост, спасибо вам!",
        "Спасибо за интересный материал!!! 👍",
        "Очень сильные слова, очень важная тема",
        "Great post, thank you for sharing!",
        "Wow, such an amazing article!",
    ],
)
def test_boilerplate_is_refused(text: str) -> None:
    assert "boilerplate" in codes(text)


def test_praise_with_a_thought_is_no_boilerplate() -> None:
    assert codes("Спасибо за мысль про тишину: с чего начинается ожидание?") == set()


def test_length_has_two_ends() -> None:
    assert codes("Про тишину точно") == {"short"}
    assert "long" in codes("Тишина леса слышна. " * 40)
    assert codes("Тишина в лесу слышна каждому? " * 2, limits=Limits(longest=30)) == {"long"}


def test_telegram_counts_utf16_units() -> None:
    text = GOOD + "🍂" * 2_030
    assert "long" in codes(text, limits=Limits(longest=10_000))
    assert "long" not in codes(GOOD + "🍂" * 2_000, limits=Limits(longest=10_000))


def test_a_comment_speaks_the_posts_language() -> None:
    assert codes("The quiet of a forest says a lot, which part of it comes first?") == {"language"}
    assert codes(GOOD, post_text=ENGLISH_POST) == {"language"}
    assert codes(GOOD, post_text="🔥🔥🔥") == set()
    assert codes(GOOD, post_text="🔥🔥🔥", language="en") == {"language"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Осень учит ждать", "ru"),
        ("Слово mindfulness сегодня звучит везде", "ru"),
        ("The forest grows quiet", "en"),
        ("Quiet forest", "en"),
        ("El bosque se vuelve silencioso cada noche de otoño", None),
        ("Ліс стає тихішим, і це чути", None),
        ("🔥🔥🔥", None),
        ("E = 3 + 4 · 5", None),
        ("https://example.com", None),
        ("", None),
    ],
)
def test_language_is_told_by_script_and_stop_words(text: str, language: str | None) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("addition", "code"),
    [
        ("https://example.com/a", "link"),
        ("подробнее на example.com", "link"),
        ("t.me/channel", "link"),
        ("www.example.org", "link"),
        ("напишите на a.b@example.com", "email"),
        ("спросите @forest_bot", "mention"),
        ("+7 999 123-45-67", "phone"),
        ("8 (999) 123 45 67", "phone"),
    ],
)
def test_contacts_are_refused(addition: str, code: str) -> None:
    assert code in codes(f"{GOOD} {addition}")


@pytest.mark.parametrize(
    "addition", ["в 2024 году", "и т.д.", "на 3.5 километра", "в 10:30 утра", "100 000 листьев"]
)
def test_numbers_and_abbreviations_are_no_contacts(addition: str) -> None:
    assert codes(f"{GOOD} {addition}") == set()


@pytest.mark.parametrize("text", ["Тут видна энергия тишины, правда?", "Сколько энергией полна тишина леса?"])
def test_forbidden_words_are_found_in_their_forms(text: str) -> None:
    assert codes(text, forbidden=["энергия"]) == {"forbidden"}


def test_forbidden_words_are_whole_words() -> None:
    assert codes("Про тишину и карандаши сказано точно, правда?", forbidden=["рак", "дар"]) == set()
    assert codes("Про тайный дар тишины сказано точно, правда?", forbidden=["дар"]) == {"forbidden"}
    assert codes("Про тёмную ночь души сказано точно, правда?", forbidden=["тёмная ночь"]) == {"forbidden"}
    assert codes("Про тёмную тихую ночь сказано точно, правда?", forbidden=["тёмная ночь"]) == set()


def test_a_repetition_is_refused() -> None:
    near = "Про тишину сказано точно, какая из простых вещей слышна первой сегодня?"
    assert codes(GOOD, recent_own=[near]) == {"similar"}
    assert codes(GOOD, recent_post=[near]) == {"similar_post"}
    assert codes(GOOD, recent_own=["Чем занять долгий вечер в октябре?"]) == set()
    assert codes(GOOD, recent_own=[near], limits=Limits(own_similarity=0.99)) == set()


@given(st.text(), st.text())
def test_similarity_is_a_share(first: str, second: str) -> None:
    assert 0 <= similarity(first, second) <= 1
    assert similarity(first, second) == similarity(second, first)


def test_the_post_over_again_is_no_comment() -> None:
    assert "copy" in codes("Верно: лес становится тише, и в этой тишине слышны простые вещи")


@pytest.mark.parametrize(
    "mark", ["[имя]", "[ссылка 1]", "[телефон 2]", "[your name]", "{owner}", "{{ name }}", "<name>"]
)
def test_marks_are_refused(mark: str) -> None:
    assert "mark" in codes(f"{GOOD} {mark}")


@pytest.mark.parametrize("letter", ["\0", "\x07", "\ud83d", "\u202e", "\u2066"])
def test_harmful_characters_are_refused(letter: str) -> None:
    assert codes(GOOD + letter) == {"characters"}


def test_emoji_with_joiners_pass() -> None:
    assert codes(f"{GOOD} 👩‍👩‍👧") == set()


@given(st.text(alphabet=st.characters(), max_size=200), st.text(alphabet=st.characters(), max_size=200))
def test_no_text_breaks_the_checks(text: str, post: str) -> None:
    for refusal in check_draft(text, post_text=post, forbidden=[post[:20]], recent_own=[post], recent_post=[text]):
        assert str(refusal.reason)


@pytest.mark.parametrize("piece", ["a@", "a.", "я ", "мне это ", "my own ", "+7", "8(9", "«", "x", "напиши "])
def test_no_repetition_keeps_the_checks_busy(piece: str) -> None:
    text = (piece * 4_096)[:4_096]
    began = time.process_time()
    check_draft(text, post_text=text, recent_own=[text] * 50)
    assert time.process_time() - began < 3
