"""What a person may say beside an answer: agree, go back, skip, pause, go on, finish, see where they
are. Whole messages only."""

import re
from enum import StrEnum


class Word(StrEnum):
    YES = "yes"
    NO = "no"
    BACK = "back"
    SKIP = "skip"
    PAUSE = "pause"
    GO_ON = "go_on"
    FINISH = "finish"
    PROGRESS = "progress"


SAID: dict[Word, tuple[str, ...]] = {
    Word.YES: ("да", "согласен", "согласна", "да согласен", "да согласна", "yes", "i agree", "agree"),
    Word.NO: ("нет", "не согласен", "не согласна", "не хочу", "no", "i do not agree", "i don't agree"),
    Word.BACK: ("назад", "вернуться", "вернись", "back", "go back"),
    Word.SKIP: ("пропустить", "пропусти", "не знаю", "дальше", "skip", "i don't know", "next"),
    Word.PAUSE: ("пауза", "позже", "потом", "давай позже", "давайте позже", "pause", "later"),
    Word.GO_ON: ("продолжить", "продолжим", "продолжай", "продолжаем", "continue", "go on"),
    Word.FINISH: ("закончить", "завершить", "finish"),
    Word.PROGRESS: ("мой путь", "мой прогресс", "покажи мой путь", "где я на пути", "my journey", "my progress"),
}
BY_SAYING = {saying: word for word, sayings in SAID.items() for saying in sayings}
NUMBER = re.compile(r"(?:вариант|ответ|номер|option|answer|number)?\s*№?\s*(\d{1,2})\s*[.)]?", re.IGNORECASE)


def plain(text: str) -> str:
    """Lower case, ё as е, one space between words, without punctuation at the ends."""
    return " ".join(text.lower().replace("ё", "е").replace("’", "'").split()).strip(' .,!?…»«"')


def said(text: str) -> Word | None:
    return BY_SAYING.get(plain(text).replace(",", ""))


def number(text: str) -> int | None:
    """The number of an answer, when the message is nothing else."""
    found = NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None
