"""Orders to a machine inside a text that came from outside: recognised, never followed. Pure."""

import re
from functools import lru_cache

from relove import texts_en, texts_ru
from relove.language import words
from relove.prompting import CLOSE, OPEN

SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*")
SAY_EN = r"\b(?:reply|respond|answer|comment|output|print|repeat|write|say|shout|type|post|put|add|quote)"
SAY_RU = (
    r"\b(?:(?:ответь|напиши|напечатай|выведи|скажи|кричи|пиши|отвечай|повтори|повторяй|вставь|добавь|сочини"
    r"|прокомментируй|процитируй)(?:те)?|(?:ответить|написать|напечатать|сказать|повторить|вставить|добавить)\b)"
)
ONLY_EN = r"(?:only|exactly|with|that|the\s+(?:words?|tag|text|following)|this)"
ONLY_RU = r"(?:только|ровно|дословно|слов[ао]м?|фразу|следующее|текст|хештег|в\s+комментари\w+|что(?:\s+ты)?)"
# Whoever asks for what stands in quotes behind these words wants to hear it, whomever they speak to.
ASKED = (
    r"\b(?:(?:на)?пи(?:ши|шешь|шет|сать)|скажи|сказать|ответь|ответить|ответ|говори|повтори|повторяй|повторить|(?:на)?печатай"
    r"|(?:на)?печатать|выведи|вставь|вставить|добавь|добавить|закончи|заверши|начни|продолжи|кричи|крикни|сочини|похвали"
    r"|замени|содержать)(?:те)?\b"
    r"|\b(?:reply|respond|answer|output|print|repeat|write|say|shout|type|put|add|end|begin|start|finish|continue"
    r"|contain|replace)\b"
)
ORDERS = (
    r"\b(?:ignore|disregard|forget|override|bypass|reset|drop|stop\s+following)\b.{0,40}"
    r"\b(?:instruction|rule|guideline|prompt|persona|yourself|above|previous|system|everything)",
    r"\b(?:system|developer|hidden|initial)\s+(?:prompt|message|instruction)",
    r"\byou\s+are\s+(?:now|no\s+longer)\b",
    r"\b(?:act|behave|respond)\s+as\s+(?:if\s+you|an?|the)\b",
    r"\b(?:jailbreak|prompt\s+injection|do\s+anything\s+now)\b",
    rf"{SAY_EN}\s+{ONLY_EN}\b",
    r"\b(?:reveal|show|print|repeat|leak)\b.{0,30}"
    r"\b(?:prompt|instructions|rules|secret|api\s*key|password|token)",
    r"\b(?:if\s+you\s+are\s+an?\s+(?:ai|language|large)|(?:model|bot|program)s?\b.{0,30}\b(?:must|shall|has\s+to|have\s+to))",
    r"\b(?:as\s+an?\s+ai|dear\s+ai|attention[,:]?\s+ai|ai\s+assistants?\s+(?:must|should))\b",
    r"\b(?:про)?игнорируй(?:те)?\b|\b(?:забудь|отмени|не\s+обращай\s+внимания)(?:те)?\b.{0,40}"
    r"(?:инструкц|правил|указани|предыдущ|выше|промпт|настройк|говорили|велели)",
    r"\b(?:прекрати|перестань|не)\s+следовать\b.{0,20}(?:инструкц|правил|указани)|\bпренебреги\b",
    r"\b(?:системн\w+|скрыт\w+|исходн\w+)\s+(?:промпт|сообщени|инструкци|запрос)",
    r"\bты\s+(?:теперь|больше\s+не|отныне)\b|\bвед(?:и|ите)\s+себя\s+как\b",
    rf"{SAY_RU}\s+{ONLY_RU}\b",
    r"\b(?:раскрой|покажи|выведи|перескажи|назови)(?:те)?\b.{0,30}"
    r"(?:промпт|инструкци|правила|секрет|ключ|парол|токен)",
    r"\bвнимани[ею][,:]?\s+(?:ии|нейросет|бот)|\bесли\s+ты\s+(?:ии|нейросет|бот|языков)",
    r"\b(?:все|любые)\s+(?:боты|нейросети|ии)\s+(?:обязан|должн)",
)
ORDER = re.compile("|".join(ORDERS), re.IGNORECASE)
WANTED = re.compile(rf"(?:{ASKED})[^.!?\n«»\"“”]{{0,45}}[«\"“]([^«»\"“”\n]{{2,120}})[»\"”]", re.IGNORECASE)
QUOTED = re.compile(r"[«\"“'„`](.{2,120}?)[»\"”'“`]")
DEMANDED = re.compile(
    rf"(?:{SAY_EN}|{SAY_RU}|\bответ|\breply\s+is)[\s:,]+(?:(?:{ONLY_EN}|{ONLY_RU})[\s:,]+)*([^.!?\n]{{2,120}})",
    re.IGNORECASE,
)

EDGES = " \t\"'«»“”„`:.,…"
REPEATED_WORDS = 5
LEAKED = re.compile(
    r"системн\w+ (?:промпт|инструкц|сообщени)|мо(?:и|их|им) (?:инструкци|правил)|как языков\w+ модел"
    r"|(?:мне|меня) (?:запрещено|проинструктировал|попросили написать)|соответствии с (?:инструкци|правил)"
    r"|черновик комментария|голос аккаунта|main_idea|content_type|\bjson\b|\{\s*\"\w+\"\s*:"
    r"|system prompt|my (?:instructions|rules|guidelines|prompt)|as an? (?:ai )?language model"
    r"|(?:was|been|am) (?:told|asked|instructed) to (?:write|comment|not)"
    r"|according to (?:my|the) (?:instructions|rules)"
    r"|draft comment|account['’]s voice"
    # keys and passwords
    r"|\bsk-\w{8,}|\b\d{8,10}:[\w-]{3,}|\b(?:парол\w{0,2}|токен\w{0,2}|password|token)\s+[\w.-]*\w",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Sentences and lines of `text`, trimmed."""
    return [found for raw in SENTENCE.findall(text) if (found := raw.strip())]


def is_order(sentence: str) -> bool:
    """Whether a sentence tries to direct a machine."""
    return ORDER.search(sentence) is not None


def demanded(text: str) -> set[str]:
    """What the orders in `text` want to hear: quoted pieces and what follows «write …», in lower case.

    In quotes right behind a word for saying it is wanted, whether we take the sentence for an order or not.
    """
    found: set[str] = set(WANTED.findall(text))
    said = sentences(text)
    if any(map(is_order, said)):
        # where one sentence is an order, the next one may say what it wants
        found.update(*(QUOTED.findall(each) + DEMANDED.findall(each) for each in said))
    return {piece for raw in found if len(piece := raw.strip(EDGES).lower()) > 1}


def obeys(text: str, heard: str) -> bool:
    """Whether `text` gives orders itself, or says what an order in `heard` wanted to hear."""
    return is_order(text) or any(_says(text.lower(), piece) for piece in demanded(heard))


def _says(text: str, piece: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text) is not None


def gives_away(text: str) -> bool:
    """Whether `text` speaks of our instructions to the model, repeats a piece of them, or tells a key."""
    found = tuple(word.lower() for word in words(text))
    pieces = (found[start : start + REPEATED_WORDS] for start in range(len(found) - REPEATED_WORDS + 1))
    is_piece = any(piece in _instructions() for piece in pieces)
    return is_piece or OPEN in text or CLOSE in text or LEAKED.search(text) is not None


@lru_cache
def _instructions() -> frozenset[tuple[str, ...]]:
    """Every run of so many words of the shipped prompts, which staff change little by little."""
    found: set[tuple[str, ...]] = set()
    for shipped in (texts_ru.TEXTS, texts_en.TEXTS):
        for key, text in shipped.items():
            said = [word.lower() for word in words(text)] if key.startswith("prompt.") else []
            found |= {tuple(said[n : n + REPEATED_WORDS]) for n in range(len(said) - REPEATED_WORDS + 1)}
    return frozenset(found)
