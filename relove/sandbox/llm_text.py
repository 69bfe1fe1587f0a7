"""How the sandbox's model reads posts and writes comments: pure, deterministic, from the post's own words."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from relove.language import Language, content_words, detect_language, words
from relove.orders import is_order, sentences
from relove.prompting import MARK
from relove.sandbox import llm_words as know

POST_LIMIT = 8_000
IDEA_LIMIT = 220
STEM = 5
MARKUP = re.compile(r"<[^>\n]{1,40}>|https?://\S+|www\.\S+|t\.me/\S+|\S+@\S+|@\w+|#\w+|[*_~`#|>\\^{}$=]+")
DIGITS = re.compile(r"\+?\d[\d\s()-]{6,}\d")
QUOTE = re.compile(r"[^\W\d_]+(?:[\s,-]+[^\W\d_]+){2,6}")
VERBAL = re.compile(
    r"(?:[аеёиоуыюя](?:т|ть|тся|ться|те|шь|шься|м|мся|л|ла|ло|ли|лся|лась|лись|лось)|[аеуя]ю|ют|ут|чь|сти|йте"
    r"|льно|нно|тно|дно|вно|сно|щий|щая|щее|щие|вший|нный|ший|ее|(?<![нт])ие|ые|ый|ий|ая|ого|ому|ыми|ими|ых|их|ing|ly|ed)$"
)
FIRST_PERSON = {
    *("я", "мне", "меня", "мной", "мой", "моя", "моё", "мое", "мои", "мы", "нам", "нас", "наш"),
    *("i", "me", "my", "mine", "we", "us", "our", "i'm", "i've"),
}
TRAILING = {
    *("а", "и", "но", "в", "на", "с", "не", "к", "о", "по", "за", "из", "для", "что", "как"),
    *("the", "a", "and", "of", "to", "in", "for", "or", "is", "with", "that"),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """What the model hears of an account's voice."""

    manner: str = "plain"
    short: bool = False
    interests: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A post as the model reads it: sentences without markup, addresses and orders."""

    sentences: tuple[str, ...]
    language: Language

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def despairs(text: str) -> bool:
    """Whether a private message sounds like acute despair, in words that no list of phrases holds."""
    return any(word.startswith(know.DESPAIR) for word in words(text.lower()))


def read_post(text: str, language: Language) -> Post:
    """`language` counts only where the text itself has none."""
    plain = DIGITS.sub(" ", MARKUP.sub(" ", MARK.sub(" ", text[:POST_LIMIT])))
    kept = tuple(" ".join(each.split()) for each in sentences(plain) if words(each) and not is_order(each))
    return Post(kept, detect_language(" ".join(kept)) or detect_language(plain) or language)


def summarise(post: Post) -> dict[str, object]:
    """The fields of a Summary."""
    return {
        "main_idea": _leading(post),
        "keywords": keywords(post, 5) or know.NO_WORDS[post.language],
        "tone": _tone(post),
        "content_type": _kind(post),
    }


def comment(post: Post, voice: Voice, seed: str) -> str:
    """A comment of one to three sentences; the same seed gives the same words."""
    dice = random.Random(seed)
    known = [word for word in keywords(post, 8) if not _touches(word, voice.forbidden)]
    found = [word for word in known if not _is_verbal(word)] or known
    if not found:
        return " ".join(dice.choice(part) for part in know.MODEST[post.language])
    first, second = dice.choice(found[:3]), ""
    if rest := [word for word in found if word != first]:
        second = dice.choice(rest)
    slots = {"a": first, "b": second, "q": _quote(post, voice, dice), "i": _one(voice.interests, dice)}
    openings = know.OPENINGS[post.language]
    parts = [_fill(openings[voice.manner] + openings["plain"], slots, dice) + "."]
    if not voice.short:
        middles = know.MIDDLES if second else know.ALONE
        parts.append(_fill(middles[post.language], slots, dice))
    parts.append(dice.choice(know.CLOSINGS[post.language]))
    return " ".join(parts)


def voice_of(described: dict[str, object]) -> Voice:
    """From the JSON of a prompt's voice block."""
    said = f"{described.get('style', '')} {described.get('tone', '')}".lower()
    manner = next((name for name, stems in know.MANNERS.items() if any(stem in said for stem in stems)), "plain")
    return Voice(
        manner,
        any(stem in said for stem in know.SHORT),
        _strings(described.get("interests")),
        _strings(described.get("forbidden")),
    )


def keywords(post: Post, count: int) -> list[str]:
    """Words that carry meaning, one of each stem: likely nouns first, then the frequent, then the long."""
    found = content_words(post.text, post.language)
    weight = Counter(word[:STEM] for word in found)
    first: dict[str, str] = {}
    for word in found:
        first.setdefault(word[:STEM], word)
    ranked = sorted(first, key=lambda stem: (_is_verbal(first[stem]), -weight[stem], -min(len(first[stem]), 9)))
    return [first[stem][:40] for stem in ranked[:count]]


def _is_verbal(word: str) -> bool:
    """Whether the ending speaks against a noun: verbs, adverbs, participles."""
    return VERBAL.search(word) is not None


def _leading(post: Post) -> str:
    """The first sentence that says something, cut at a word."""
    meaty = (each for each in post.sentences if len(content_words(each, post.language)) >= 3)
    idea = next(meaty, post.text or know.NOTHING_SAID[post.language])
    return idea if len(idea) <= IDEA_LIMIT else idea[:IDEA_LIMIT].rsplit(" ", 1)[0] + "…"


def _tone(post: Post) -> str:
    text = post.text.lower()
    counts = {tone: sum(map(text.count, stems)) for tone, stems in know.TONES[post.language].items()}
    best = max(counts, key=lambda tone: counts[tone])
    return best if counts[best] else list(counts)[-1]


def _kind(post: Post) -> str:
    text = f" {post.text.lower()} "
    if len(words(text)) < 4:
        return "media"
    if post.sentences[0][0] in '«“"':
        return "quote"
    counts = {kind: sum(map(text.count, stems)) for kind, stems in know.KINDS.items()}
    counts["question"] = 2 * text.count("?")
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else "other"


def _quote(post: Post, voice: Voice, dice: random.Random) -> str:
    """Three to seven neighbouring words of the post that speak for nobody in particular."""
    found = []
    for match in (match for each in post.sentences[:6] for match in QUOTE.finditer(each)):
        piece = match[0].split()
        while piece and piece[-1].strip(",-").lower() in TRAILING:
            piece.pop()
        text = " ".join(piece).rstrip(",- ").lower()
        if len(piece) > 2 and not FIRST_PERSON & set(text.split()) and not _touches(text, voice.forbidden):
            found.append(text)
    return dice.choice(found[:4]) if found else ""


def _fill(phrases: Sequence[str], slots: dict[str, str], dice: random.Random) -> str:
    """One of the phrases for which every slot has a word."""
    fitting = [
        phrase for phrase in phrases if all(word or f"{{{slot}}}" not in phrase for slot, word in slots.items())
    ]
    return dice.choice(fitting).format(**slots)


def _touches(text: str, forbidden: Sequence[str]) -> bool:
    return any(word.lower() in text.lower() for word in forbidden if word)


def _one(choices: Sequence[str], dice: random.Random) -> str:
    return dice.choice(choices) if choices else ""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
