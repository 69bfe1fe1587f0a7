"""How the sandbox's model leads a sales dialogue: reads a message, adapts a line, replies freely. Pure."""

import re

from relove.language import Language, content_words, detect_language, words
from relove.orders import is_order, sentences
from relove.prompting import unfenced
from relove.sandbox.llm_text import despairs

STEM = 5
SURE, LIKELY, UNLIKELY = 0.92, 0.8, 0.35
SHORT_ANSWER = 12
# What messages with a meaning often say, by the word that scripts like to call the meaning by.
MEANINGS: dict[str, tuple[str, ...]] = {
    "agree": ("да", "хочу", "давай", "согла", "готов", "беру", "запиш", "интер", "yes", "agree", "want"),
    "refus": ("нет", "откаж", "передум", "no", "refus"),
    "price": ("цена", "цены", "цену", "стои", "дорог", "оплат", "рассроч", "price", "cost", "expens"),
    "doubt": ("сомнев", "подум", "боюсь", "страшн", "вдруг", "уверен", "doubt", "afraid"),
    "time": ("когда", "время", "старт", "распис", "график", "when", "time"),
    "pain": (
        "плохо",
        "болит",
        "устал",
        "тяжел",
        "одинок",
        "груст",
        "развод",
        "расста",
        "не могу",
        "hurt",
        "tired",
    ),
    "greet": ("привет", "здравств", "добрый", "hello", "hi"),
    "interest": ("интерес", "програм", "поможете", "помочь", "расскажите", "program"),
}
RUSSIAN_NAMES = {
    "agree": ("соглас",),
    "refus": ("отказ",),
    "price": ("цен", "стоим", "дорог"),
    "doubt": ("сомн", "страх"),
    "time": ("врем", "когда", "расп"),
    "pain": ("бол", "запрос", "рассказ"),
    "greet": ("привет",),
    "interest": ("интерес",),
}
EMOTIONS = {
    "тревога": ("боюсь", "страш", "тревож", "afraid"),
    "усталость": ("устал", "тяжел", "tired"),
    "радость": ("рад", "класс", "спасиб", "glad", "thank"),
    "раздражение": ("дорог", "надоел", "зл", "annoy"),
}
SOFTENERS: dict[Language, tuple[str, ...]] = {
    "ru": ("Понимаю.", "Спасибо, что написали.", "Хорошо, что спросили."),
    "en": ("I see.", "Thank you for writing.", "It is good that you ask."),
}
FREE: dict[Language, str] = {
    "ru": "Спасибо, что делитесь этим. Расскажите, что для вас сейчас важнее всего?",
    "en": "Thank you for sharing this. What matters most to you now?",
}


def analyse(system: str, user: str) -> dict[str, object]:
    """The fields of an Analysis, from the message, the script's situation and its list of intents."""
    message, script = unfenced(user, "message") or "", unfenced(system, "script") or ""
    situation, _, listed = script.partition("\nintents:")
    language = detect_language(message) or "ru"
    intent = _intent(message, [line for line in listed.splitlines() if line.strip()])
    score, reason = _fit(message, situation, intent, language)
    emotions = [name for name, stems in EMOTIONS.items() if _has(message, stems)]
    return {
        "summary": " ".join(message.split())[:200],
        "intent": intent or "other",
        "tone": emotions[0] if emotions else "спокойный",
        "emotions": emotions,
        "script_fit_score": score,
        "reason": reason,
        "crisis": despairs(message),
    }


def _intent(message: str, listed: list[str]) -> str:
    """The first of the listed intents whose meaning the message has, by its name or by words of its note."""
    for line in listed:
        name, _, about = line.strip().partition(":")
        stems = [stem for meaning in MEANINGS if _is_called(name, meaning) for stem in MEANINGS[meaning]]
        if _has(message, (*stems, *(word[:STEM] for word in content_words(about, "ru") if _tells(word)))):
            return name.strip()
    return ""


def _tells(word: str) -> bool:
    """Notes are about «человек» all the time."""
    return len(word) > 3 and not word.startswith("челов")


def _is_called(name: str, meaning: str) -> bool:
    return any(stem in name.lower() for stem in (meaning, *RUSSIAN_NAMES[meaning]))


def _has(message: str, stems: tuple[str, ...]) -> bool:
    """Whether a word of the message begins with one of the stems; short stems are whole words."""
    said = [word.lower() for word in words(message)]
    return any(word == stem if len(stem) < 4 else word.startswith(stem) for word in said for stem in stems)


def _fit(message: str, situation: str, intent: str, language: Language) -> tuple[float, str]:
    if intent:
        return SURE, "the message has an intent that the script knows"
    stems = {word[:STEM] for word in content_words(situation, language)}
    shared = [word for word in content_words(message, language) if word[:STEM] in stems]
    if shared:
        return LIKELY, "the message speaks of what the script speaks of: " + ", ".join(shared[:3])
    if "?" not in message and len(words(message)) <= SHORT_ANSWER:
        return LIKELY, "a short answer to what the script has asked"
    return UNLIKELY, "the script has no words for this"


def adapt(user: str, seed: str) -> str:
    """The line with a softener before it; its facts stay as they are."""
    line = unfenced(user, "line") or ""
    soft = SOFTENERS[detect_language(line) or "ru"]
    return f"{soft[int(seed[:4], 16) % len(soft)]} {line}"


def reply(user: str) -> str:
    """A free reply: an echo of what was said, and a question."""
    message = unfenced(user, "message") or ""
    language = detect_language(message) or "ru"
    kept = [word for each in sentences(message) if not is_order(each) for word in content_words(each, language)]
    echo = [word for word in kept if re.fullmatch(r"[^\W\d_]{5,}", word)][:1]
    said = {"ru": "Слышу, что речь о слове «{}».", "en": "I hear the word “{}”."}[language]
    return " ".join((*(said.format(word) for word in echo), FREE[language]))
