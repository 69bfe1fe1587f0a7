"""Orders to a machine inside a text that came from outside: recognised, never followed. Pure."""

import re

SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*")
SAY_EN = r"\b(?:reply|respond|answer|comment|output|print|repeat|write|say|post)"
SAY_RU = r"\b(?:ответь|напиши|выведи|скажи|повтори|прокомментируй)(?:те)?"
ONLY_EN = r"(?:only|exactly|with|the\s+words?|the\s+following|this)"
ONLY_RU = r"(?:только|ровно|дословно|слов[ао]м?|фразу|следующее|текст|в\s+комментари\w+|что\s+ты)"
ORDERS = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:instruction|rule|prompt|above|previous|system|everything)",
    r"\b(?:system|developer|hidden|initial)\s+(?:prompt|message|instruction)",
    r"\byou\s+are\s+(?:now|no\s+longer)\b",
    r"\b(?:act|behave|respond)\s+as\s+(?:if\s+you|an?|the)\b",
    r"\b(?:jailbreak|prompt\s+injection|do\s+anything\s+now)\b",
    rf"{SAY_EN}\s+{ONLY_EN}\b",
    r"\b(?:reveal|show|print|repeat|leak)\b.{0,30}"
    r"\b(?:prompt|instructions|rules|secret|api\s*key|password|token)",
    r"\b(?:as\s+an?\s+ai|dear\s+ai|attention[,:]?\s+ai|ai\s+assistants?\s+(?:must|should))\b",
    r"\b(?:про)?игнорируй(?:те)?\b|\b(?:забудь|отмени|не\s+обращай\s+внимания)(?:те)?\b.{0,40}"
    r"(?:инструкц|правил|указани|предыдущ|выше|промпт|настройк)",
    r"\b(?:системн\w+|скрыт\w+|исходн\w+)\s+(?:промпт|сообщени|инструкци|запрос)",
    r"\bты\s+(?:теперь|больше\s+не|отныне)\b|\bвед(?:и|ите)\s+себя\s+как\b",
    rf"{SAY_RU}\s+{ONLY_RU}\b",
    r"\b(?:раскрой|покажи|выведи|перескажи|назови)(?:те)?\b.{0,30}"
    r"(?:промпт|инструкци|правила|секрет|ключ|парол|токен)",
    r"\bвнимани[ею][,:]?\s+(?:ии|нейросет|бот)|\bесли\s+ты\s+(?:ии|нейросет|бот|языков)",
    r"\b(?:все|любые)\s+(?:боты|нейросети|ии)\s+(?:обязан|должн)",
)
ORDER = re.compile("|".join(ORDERS), re.IGNORECASE)
QUOTED = re.compile(r"[«\"“'„`](.{2,120}?)[»\"”'“`]")
DEMANDED = re.compile(
    rf"(?:{SAY_EN}|{SAY_RU})[\s:,]+(?:(?:{ONLY_EN}|{ONLY_RU})[\s:,]+)*([^.!?\n]{{2,120}})", re.IGNORECASE
)


def sentences(text: str) -> list[str]:
    """Sentences and lines of `text`, trimmed."""
    return [found for raw in SENTENCE.findall(text) if (found := raw.strip())]


def is_order(sentence: str) -> bool:
    """Whether a sentence tries to direct a machine."""
    return ORDER.search(sentence) is not None


def demanded(text: str) -> set[str]:
    """What the orders in `text` want to hear: quoted pieces and what follows «write …», in lower case."""
    found: set[str] = set()
    for sentence in filter(is_order, sentences(text)):
        found.update(QUOTED.findall(sentence), DEMANDED.findall(sentence))
    return {piece for raw in found if len(piece := raw.strip(" \t\"'«»“”„`:").lower()) > 1}
