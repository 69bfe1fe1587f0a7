"""Invented people who write to our accounts while a rehearsal goes on: what each of them is there to show."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Line:
    """Words, so many minutes after the person came."""

    minutes: float
    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """Comes after that share of the time, or at that time of the first day on which it is still to come."""

    name: str
    comes: float
    lines: tuple[Line, ...]
    at: time | None = None

    def arrives(self, since: datetime, until: datetime, zone: str) -> datetime:
        if self.at is None:
            return since + (until - since) * self.comes
        local = since.astimezone(ZoneInfo(zone))
        moment = datetime.combine(local.date(), self.at, local.tzinfo)
        return moment if moment >= since else moment + timedelta(days=1)


def person(name: str, comes: float, *said: tuple[float, str], at: time | None = None) -> Person:
    return Person(name, comes, tuple(Line(minutes, text) for minutes, text in said), at)


# to a main account, whose dialogues a script leads
CLIENTS = (
    person(
        "Мария, хочет разобраться",
        0.02,
        (0, "Здравствуйте"),
        (4, "После развода тяжело, устала всё тянуть одна"),
        (9, "Сколько это стоит?"),
        (14, "Для меня дорого"),
        (19, "Боюсь, что мне это не поможет"),
        (25, "Да, хочу попробовать"),
    ),
    person(
        "Пётр, не верит ботам",
        0.08,
        (0, "Добрый день, расскажите о программе"),
        (4, "Вы бот?"),
        (8, "Позовите человека"),
    ),
    person(
        "Ольга, просит не писать",
        0.14,
        (0, "Здравствуйте, увидела ваш канал"),
        (5, "Стоп"),
        (40, "А сколько стоит программа?"),
    ),
    person("Игорь, замолчал", 0.2, (0, "Здравствуйте"), (3, "Я подумаю")),
    person("Вера, просит тишины", 0.26, (0, "Добрый день"), (4, "Завтра не пишите, пожалуйста")),
    person(
        "Света, в беде",
        0.32,
        (0, "Здравствуйте"),
        (5, "Я больше не хочу жить"),
        (15, "Вы здесь?"),
    ),
    person(
        "Костя, пишет без пауз",
        0.38,
        (0, "Привет"),
        (0.2, "Есть кто?"),
        (0.4, "Сколько стоит?"),
        (0.6, "И когда начало?"),
    ),
    person("Нина, пишет ночью", 0, (0, "Не спится. А вы помогаете, если нет сил?"), at=time(2, 30)),
)
# to a commentator, who answers and leads nobody anywhere
READERS = (
    person(
        "Аня, читательница",
        0.1,
        (0, "Здравствуйте! Увидела ваш комментарий под постом, откликнулось"),
        (6, "Вы бот?"),
        (12, "Понятно, не пишите мне больше"),
    ),
)
