"""What a text claims that can be true or false: prices, dates, numbers, links, phones, names. Pure.

An adapted line keeps exactly the facts of the line; a free reply may only hold facts of the live script or
of the person's own message (Honest automation). A fact that is read too often sends a reply to a person,
one that is overlooked reaches a client: in doubt something is a fact.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from relove.prompting import EMAIL, LINK, NICK, PATTERNS, PHONE
from sales.matching import holds, lemmas
from sales.parts import PLACEHOLDER

NAME, PRICE, DATE, TIME, PERCENT, NUMBER, OFFER, MARK = (
    *("name", "price", "date", "time"),
    *("percent", "number", "offer", "mark"),
)
CONTACTS = (LINK, EMAIL, NICK, PHONE)
CURRENCIES = {
    "rub": r"₽|руб(?:л[а-я]+|\.)?|р\.|rub(?:les?)?|rur",
    "usd": r"\$|доллар[а-я]*|usd|dollars?|bucks|бакс[а-я]*",
    "eur": r"€|евро|eur(?:os?)?",
}
MONTHS = (
    *("январ|jan(?:uary)?", "феврал|feb(?:ruary)?", "март|mar(?:ch)?", "апрел|apr(?:il)?", "ма[йяюе]|may"),
    *("июн|june?", "июл|july?", "август|aug(?:ust)?", "сентябр|sep(?:tember)?", "октябр|oct(?:ober)?"),
    *("ноябр|nov(?:ember)?", "декабр|dec(?:ember)?"),
)
THOUSAND, MILLION = r"тыс(?:яч[а-я]*|\.)?|[кk](?![а-яa-z])", r"млн\.?|миллион[а-я]*|million"
_FIGURE = r"\d{1,3}(?:[   .,']\d{3})+(?!\d)|\d+(?:[.,]\d+)?"
_MONEY = "|".join(f"(?P<{code}>{words})" for code, words in CURRENCIES.items())
_MONTH = "|".join(f"(?P<m{number}>{stem})" for number, stem in enumerate(MONTHS, 1))
MONEY = re.compile(
    rf"(?P<before>[$€₽])?\s?(?P<figure>{_FIGURE})\s*(?:(?P<thousand>{THOUSAND})|(?P<million>{MILLION}))?"
    rf"\s*(?:{_MONEY})?(?P<percent>\s?%|\s?процент[а-я]*|\s?percent)?",
    re.IGNORECASE,
)
DAY = re.compile(
    rf"(?P<day>\d{{1,2}})(?:-?(?:го|е|st|nd|rd|th))?\s+(?:{_MONTH})[а-я]*\b(?:\s+(?P<year>\d{{4}}))?", re.I
)
POINTED = re.compile(r"(?<![\d.,])(?P<day>[0-3]?\d)[./](?P<month>[01]?\d)(?:[./](?P<year>\d{4}))?(?![\d.,/]\d)")
CLOCK = re.compile(r"(?<!\d)(?P<hour>[0-2]?\d):(?P<minute>[0-5]\d)(?!\d)")
ALONE = re.compile(rf"(?<!\w)(?:{_MONTH.replace('ма[йяюе]', 'ма[йяе]')})[а-я]{{0,2}}(?!\w)", re.IGNORECASE)
WEEKDAY = re.compile(
    r"(?<!\w)(понедельник|вторник|сред(?=[ауыеу])|четверг|пятниц|суббот|воскресень"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\w{0,3}(?!\w)",
    re.IGNORECASE,
)
# Words that promise a price without a figure, and figures in words before what is counted or paid.
BARGAIN = re.compile(
    r"(?<!\w)(бесплатн|скидк|даром|рассрочк|гарант|возврат|подарок|подарк|free(?!\w)|discount|refund|guarant)\w*",
    re.I,
)
SPELLED = re.compile(
    r"(?<!\w)(двумя|дв[аеух]{1,2}|тр[иеёх]{1,2}|четыр\w+|пят[ьи]\w*|шест[ьи]\w*|сем[ьи]|восем\w*|девят\w+|десят\w+|двадцат\w+"
    r"|тридцат\w+|сорока?|девяност\w+|сто|двест\w+|тысяч\w*|миллион\w*|пол(?:тора|торы)"
    r"|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|hundred|thousand|million)(?!\w)",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?:^|[.!?…:\n«\"“(—–-])\s*$")
QUOTED = re.compile(r"«([^«»\n]{2,60})»|“([^“”\n]{2,60})”|\"([^\"\n]{2,60})\"")
POLITE = frozenset({"вы", "вас", "вам", "вами", "ваш", "ваше", "ваша", "ваши", "i", "i'm", "i'll", "ai", "ии"})


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One claim in a form in which two ways of writing it are equal: 12 000 ₽ and «12 тысяч рублей»."""

    kind: str
    value: str


def facts(text: str, names: Iterable[str] = ()) -> frozenset[Fact]:
    """Everything in `text` that must be right; `names` are the known names of programmes and people."""
    return _facts(text, tuple(names))


# the lines of a script are the source of every free reply
@lru_cache(maxsize=512)
def _facts(text: str, names: tuple[str, ...]) -> frozenset[Fact]:
    found = {Fact(NAME, name) for name in names if holds(text, name)}
    found |= {Fact(MARK, match[1]) for match in PLACEHOLDER.finditer(text)}
    rest, contacts = _contacts(PLACEHOLDER.sub(" ", text))
    dates_out, dates = _dates(rest)
    return frozenset(found | contacts | dates | _figures(dates_out) | _words(rest) | _names(rest))


def _contacts(text: str) -> tuple[str, set[Fact]]:
    """The text without links, addresses and phones, and these."""
    found: set[Fact] = set()
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            value = re.sub(r"\D", "", match[0]) if kind == PHONE else match[0].lower().rstrip("/.,;:!?)")
            found.add(Fact(kind, re.sub(r"^(?:https?://)?(?:www\.)?", "", value)))
        text = pattern.sub(" ", text)
    return text, found


def _dates(text: str) -> tuple[str, set[Fact]]:
    """The text without dates and times of day, and these: 15.03 for «15 марта», with the year if it is said."""
    found: set[Fact] = set()
    for pattern in (DAY, POINTED, CLOCK):
        for match in pattern.finditer(text):
            found.add(_moment(match))
        text = pattern.sub(" ", text)
    found |= {Fact(DATE, f"m{_month(match)}") for match in ALONE.finditer(text)}
    found |= {Fact(DATE, match[1].lower()) for match in WEEKDAY.finditer(text)}
    return text, found


def _moment(match: re.Match[str]) -> Fact:
    groups = match.groupdict()
    if "hour" in groups:
        return Fact(TIME, f"{int(groups['hour'])}:{groups['minute']}")
    month = int(groups["month"]) if "month" in groups else _month(match)
    year = f".{groups['year']}" if groups["year"] else ""
    return Fact(DATE, f"{int(groups['day'])}.{month}{year}")


def _month(match: re.Match[str]) -> int:
    return next(number for number in range(1, 13) if match.groupdict()[f"m{number}"])


def _figures(text: str) -> set[Fact]:
    return {_figure(match) for match in MONEY.finditer(text)}


def _figure(match: re.Match[str]) -> Fact:
    digits = match["figure"]
    value = re.sub(r"\D", "", digits) if re.fullmatch(r"\d{1,3}(?:\D\d{3})+", digits) else digits.replace(",", ".")
    amount = float(value) * (1_000 if match["thousand"] else 1_000_000 if match["million"] else 1)
    written = f"{amount:.10g}"
    if match["percent"]:
        return Fact(PERCENT, written)
    sign = {"$": "usd", "€": "eur", "₽": "rub"}.get(match["before"] or "")
    currency = sign or next((code for code in CURRENCIES if match[code]), "")
    return Fact(PRICE, f"{written} {currency}") if currency else Fact(NUMBER, written)


def _words(text: str) -> set[Fact]:
    """Bargains and figures in words; a figure right after a number («12 тысяч») belongs to that number."""
    spelled = (match for match in SPELLED.finditer(text) if not re.search(r"\d\s*$", text[: match.start()]))
    found = {Fact(NUMBER, min(lemmas(match[1]))) for match in spelled}
    return found | {Fact(OFFER, match[1].lower()) for match in BARGAIN.finditer(text)}


def _names(text: str) -> set[Fact]:
    """What is written like a name: with a capital inside a sentence, or in quotation marks with one."""
    quoted = {next(filter(None, match.groups())) for match in QUOTED.finditer(text)}
    found = {Fact(NAME, name) for name in quoted if name[0].isupper()}
    for match in re.finditer(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", text):
        word = match[0]
        inside = SENTENCE.search(text[: match.start()]) is None
        if inside and word[0].isupper() and len(word) > 1 and word.lower() not in POLITE:
            found.add(Fact(NAME, word))
    return found


def foreign(text: str, sources: Iterable[str], names: Iterable[str] = ()) -> list[Fact]:
    """The facts of `text` that stand in none of the `sources`."""
    names, sources = tuple(names), tuple(sources)
    known = frozenset[Fact]().union(*(facts(source, names) for source in sources))
    return sorted(fact for fact in facts(text, names) - known if not _is_said(fact, sources))


def _is_said(fact: Fact, sources: Iterable[str]) -> bool:
    """A name in another case of the language, or at the beginning of a sentence, is the same name."""
    return fact.kind == NAME and any(holds(source, fact.value) for source in sources)


def changed(line: str, adapted: str, names: Iterable[str] = ()) -> list[Fact]:
    """The facts in which an adapted line and the script's line differ, lost ones and new ones."""
    names = tuple(names)
    return sorted({*foreign(adapted, [line], names), *foreign(line, [adapted], names)})


def in_words(found: Iterable[Fact]) -> str:
    """The facts for a person to read."""
    return ", ".join(fact.value for fact in found)
