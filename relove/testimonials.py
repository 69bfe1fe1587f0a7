"""Words of a client who is none: belonging to the clients, praise, and results of people nobody can ask. Pure.

The rule is the house's (Honest automation): no invented students and no testimonials. `relove.claims` finds a
life and results of one's own; here stands what it leaves: «я тоже ученица», «всем советую», «одна участница…».
Speaking to clients, or saying that one is none, is welcome.
"""

import re

# One of them, or one among them; «участникам» and the like speak of others.
RU_ONE = (
    r"(?:клиент(?:ка|кой|ом)?|студент(?:ка|кой|ом)?|слушател(?:ь|ем|ьница|ьницей)|выпускни(?:к|ца|ком|цей)"
    r"|учени(?:к|ца|ком|цей)|участни(?:к|ца|ком|цей))"
)
RU_MANY = r"(?:клиенты|студенты|слушатели|выпускники|ученики|участники|клиентки|участницы|ученицы)"
RU_ANY = r"(?:клиент|студент|выпускни[кц]|учени[кц]|участни[кц])\w*"
RU_COURSE = r"(?:программ\w*|курс\w*|поток\w*|практик\w*|групп\w*|встреч\w*)"
RU_DID = r"\w+(?:л|ла|ли|ло|лся|лась|лись|лось)\b"
RU = (
    rf"\bя\b(?:(?!\bне\b)[^.!?—]){{0,40}}?\b{RU_ONE}\b",
    rf"\bмы\b(?:(?!\bне\b)[^.!?—]){{0,25}}?\b{RU_MANY}\b",
    rf"\b(?:как|будучи)\s+(?:\w+\s+)?{RU_ONE}\b(?!,?\s+(?:[\w«»]+\s+){{0,3}}вы\b)",
    r"\b(?:я|тоже)\s+(?:[\w-]+,?\s+){0,3}(?:прохожу|учусь|обучаюсь|участвую)\b",
    r"\b(?:приш[её]л|пришла)\s+сюда\b",
    rf"(?:^|[.!?]\s*){RU_DID},?\s+(?:но|а|и)\s+(?:теперь|сейчас|потом)\b",
    rf"\b(?:советую|рекомендую)\b[^.!?]{{0,30}}\b{RU_COURSE}|\b{RU_COURSE}\b[^.!?]{{0,20}}\b(?:советую|рекомендую)\b",
    r"\b(?:всем|каждому)\s+(?:\w+\s+)?(?:советую|рекомендую)\b",
    r"\bне\s+(?:пожале\w+|жалею)\b|\bокупил\w+\b|\b(?:пять|5)\s+зв[её]зд\b",
    rf"\b(?:отличн|прекрасн|лучш|замечательн|потрясающ|волшебн|супер|крут)\w*\s+(?:\w+\s+)?{RU_COURSE}",
    rf"\b(?:спасибо|благодаря)\s+(?:эт\w+\s+|ваш\w+\s+|наш\w+\s+)?{RU_COURSE}",
    rf"\bпосле\s+(?:\w+\s+)?{RU_COURSE}[^.!?]{{0,20}}\b(?:я|у\s+меня|мы|у\s+нас|многие|все|жизнь)\b",
    rf"\b(?:одна|один|мног\w+|все|всех|кажд\w+|почти|наш\w*|прошл\w+|прежн\w+|друг\w+)\s+(?:[\w-]+\s+){{0,2}}{RU_ANY}"
    rf"\b[^.!?]{{0,60}}(?:{RU_DID}|\b(?:доволь|счастлив|в\s+восторге)\w*)",
    rf"\b(?:процент\w*|%)\s+(?:наш\w+\s+)?{RU_ANY}",
    r"\bмои(?:х|м|ми)?\s+(?:\w+\s+)?результат\w*",
)
EN_ONE = r"(?:clients?|students?|participants?|graduates?|customers?)"
EN_COURSE = r"(?:program(?:me)?|course|group|practice)"
EN = (
    rf"\b(?:i(?:['’]m|\s+am)|we(?:['’]re|\s+are))\s+(?:(?!not\b)\w+\s+){{0,3}}{EN_ONE}\b",
    rf"\bas\s+an?\s+(?:\w+\s+)?{EN_ONE}\b(?!,?\s+you\b)",
    r"\bi(?:['’]m|\s+am)\s+(?:\w+\s+)?(?:taking|doing|attending|enrolled)\b",
    r"\bi\s+(?:\w+\s+)?recommend\b|\bbest\s+decision\b|\bworth\s+(?:it|every)\b|\bfive\s+stars\b|\bno\s+regrets\b",
    rf"\bthanks\s+to\s+(?:the|this|your|our)\s+{EN_COURSE}",
    rf"\b(?:best|great|amazing|wonderful|fantastic)\s+{EN_COURSE}",
    rf"\b(?:one|many|all|most|every|our)\s+(?:of\s+)?(?:our\s+)?{EN_ONE}\s+(?:\w+\s+){{0,2}}?"
    r"(?:found|got|was|were|said|loved|changed|became|quit|\w+ed)\b",
    r"\beveryone\s+who\s+(?:joined|came|took|tried)\b|\bpercent\s+of\b",
)
TESTIMONIAL = re.compile("|".join(RU + EN), re.IGNORECASE)


def praise(text: str) -> str | None:
    """The words of `text` that speak as a client, praise, or tell of others' results; None where none do."""
    found = TESTIMONIAL.search(text)
    return found[0].strip(" .,!?") if found else None
