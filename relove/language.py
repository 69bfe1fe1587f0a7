"""Words and languages of short texts: pure, without Django.

Only Russian and English are told apart, because only these two are spoken here; a text in another
language, of emoji or of formulas alone has no language (None).
"""

import re
from typing import Literal

Language = Literal["ru", "en"]

WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
NOISE = re.compile(r"https?://\S+|www\.\S+|[^\s@]{0,64}@\S*|\[[^\]\n]{1,20}\]")

RUSSIAN = """а без бы был была были было быть в вам вас ведь весь вот все всё всего всегда всех вы где да даже
для до его ее её ей если есть еще ещё же за здесь и из или им их к как какая какие какой когда кто
ли либо лишь лучше между меня мне много может можно мой моя мы на над надо нам нас наш не него нее
неё нет нём ни ними них но ну о об один она они оно от очень по под после потом потому почему при
про раз с сам сама самое самый свой свои свою своя своих себе себя сейчас со стоит столько так
такая также такие такой там тебе тебя тем теперь то того тоже той только том тот три ту ты тут у
уже хоть хотя чего чем через что чтоб чтобы чуть эта эти это этого этой этом этот эту этих этим я
нужно нельзя будет будут буду просто время сегодня завтра вчера день дня год года человек люди
каждый каждая каждое который которая которое которые которых которого которой весь вся всю своего
своей своим вами нами одна одно два две несколько именно лет пока
снова хочу хочет могу могут делать сделать стал стала стали больше меньше раньше
позже иногда часто редко заново опять вдруг вместо хорошо ниже выше
первый первая второй третий лучший любой другой другие другая других нужен важно"""
ENGLISH = """a about after again all also always am an and any are as at be because been before being between
both but by can could did do does doing done down each even every few for from get go had has have
having he her here him his how i if in into is it it's its just let like make many may me more most
much must my new no nor not now of off on once one only or other our out over own really said same
say she should so some such than that that's the their them then there these they this those
through to today too two under until up us use very was way we were what when where which while who
whom why will with without would yes yet you your yours"""
STOP_WORDS: dict[Language, frozenset[str]] = {
    "ru": frozenset(RUSSIAN.split()),
    "en": frozenset(ENGLISH.split()),
}
# Letters of neighbouring Cyrillic alphabets that Russian does not have.
FOREIGN_CYRILLIC = re.compile(r"[іїєґўјљњђћџ]")
MANY_WORDS = 5


def words(text: str) -> list[str]:
    """The words of `text`, as written, without links, addresses and marks."""
    return WORD.findall(NOISE.sub(" ", text))


def content_words(text: str, language: Language) -> list[str]:
    """Words of three letters and more that carry meaning, in lower case and in their order."""
    stop = STOP_WORDS[language]
    return [word for word in map(str.lower, words(text)) if len(word) > 2 and word not in stop]


def detect_language(text: str) -> Language | None:
    """Language of `text` by script, then by stop words; None where neither speaks clearly."""
    # A single letter is a formula's more often than a word.
    found = [word.lower() for word in words(text) if len(word) > 1]
    letters = "".join(found)
    cyrillic = sum("а" <= letter <= "я" or letter == "ё" for letter in letters)
    latin = sum("a" <= letter <= "z" for letter in letters)
    if not cyrillic and not latin:
        return None
    if cyrillic >= latin:
        return None if FOREIGN_CYRILLIC.search(letters) else "ru"
    return "en" if _has_english(found) else None


def _has_english(found: list[str]) -> bool:
    """A long Latin text without one English stop word is another language; a short one has the doubt."""
    return len(found) < MANY_WORDS or any(word in STOP_WORDS["en"] for word in found)


def storable(text: str) -> str:
    """Without what PostgreSQL or a page cannot hold: NUL and lone surrogates."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
