"""What a private message asks for by fixed phrases: to stop, to pause, to go on, help in need. Pure.

No model is asked: these words work when it is down. Stopping once too often costs little, so a clause that
is nothing but a refusal counts wherever it stands; a refusal of something (long letters, an early hour) does not.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

LONGEST_CLAUSE = 120


class Wish(StrEnum):
    """In the order of weight: the first that a text holds is the one that counts."""

    CRISIS = "crisis"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    BOT = "bot"
    HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Said:
    """What was asked for; `until` belongs to a pause."""

    wish: Wish
    until: datetime | None = None


def read(text: str, local_now: datetime) -> Said | None:
    """The weightiest wish in `text`; `local_now` is aware, in the time zone in which «завтра» is meant."""
    plain = _plain(text)
    if is_crisis(plain):
        return Said(Wish.CRISIS)
    whole = " ".join(re.sub(r"[.!?…]+", " ", plain).split())
    clauses = [" ".join(clause.split()) for clause in re.split(r"[.!?…;,\n()]+|\s[-–—]+\s", plain)]
    clauses.append(" ".join(re.sub(r"[.!?…,]+", " ", plain).split()))
    # a wish is short; a long run of the same few words must not keep the patterns busy
    clauses = [clause for clause in clauses if len(clause) <= LONGEST_CLAUSE]
    if any(STOP.fullmatch(clause) for clause in clauses):
        return Said(Wish.STOP)
    for clause in clauses:
        if until := _pause(clause, local_now):
            return Said(Wish.PAUSE, until)
    if RESUME.fullmatch(whole):
        return Said(Wish.RESUME)
    if any(BOT.fullmatch(clause) for clause in clauses):
        return Said(Wish.BOT)
    if any(HUMAN.fullmatch(clause) for clause in clauses):
        return Said(Wish.HUMAN)
    return None


def _plain(text: str) -> str:
    text = text.lower().replace("ё", "е").replace("’", "'")
    return re.sub(r"[«»\"“”*_]", " ", text)


def is_crisis(plain: str) -> bool:
    text = " ".join(HARMLESS.sub(" ", " ".join(plain.split())).split())
    return CRISIS.search(text) is not None


def _pause(clause: str, now: datetime) -> datetime | None:
    """The end of the time a clause names: of a day, of days, or the moment it begins with «до»."""
    match = PAUSE.fullmatch(clause)
    if match is None:
        return None
    when = match["before"] or match["after"]
    for pattern, end in TIMES:
        if found := re.fullmatch(pattern, when):
            return end(now, found)
    return None


def _midnight(now: datetime, days: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), time(), now.tzinfo)


def _until_weekday(now: datetime, name: str) -> datetime:
    place = next(number for number, names in enumerate(WEEKDAYS) if name.startswith(names))
    return _midnight(now, (place - now.weekday() - 1) % 7 + 1)


def _days(now: datetime, found: re.Match[str]) -> datetime:
    unit = 30 if re.match(r"месяц|month", found["unit"]) else 7 if re.match(r"недел|week", found["unit"]) else 1
    return now + timedelta(days=unit * int(found["count"] or 1))


WEEKDAYS = (
    ("понед", "monday"),
    ("вторн", "tuesday"),
    ("сред", "wednesday"),
    ("четв", "thursday"),
    ("пятн", "friday"),
    ("субб", "saturday"),
    ("воскр", "sunday"),
)
_DAY = (
    r"(?:понедельник\w?|вторник\w?|сред[уы]|четверг\w?|пятниц[уы]|суббот[уы]|воскресень[ея]"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
)
TIMES = (
    (
        r"до завтра|(?:until|till) tomorrow|сегодня(?: больше)?|today|до конца дня",
        lambda now, _: _midnight(now, 1),
    ),
    (r"завтра|tomorrow|до послезавтра", lambda now, _: _midnight(now, 2)),
    (r"послезавтра", lambda now, _: _midnight(now, 3)),
    (
        r"на этой неделе|до конца недели|до следующей недели|this week|(?:until|till) next week",
        lambda now, _: _midnight(now, 7 - now.weekday()),
    ),
    (
        r"на выходных|в выходные|(?:at|on|over) the weekend|this weekend",
        lambda now, _: _midnight(now, 7 - now.weekday()),
    ),
    (
        r"(?:хотя бы |пока )?(?:for )?(?:a |one )?(?P<count>\d{1,2})? ?(?P<unit>день|дня|дней|неделю"
        r"|недели|недель|месяц|месяца"
        r"|days?|weeks?|months?)",
        _days,
    ),
    (rf"(?:до|until|till) (?P<day>{_DAY})", lambda now, found: _until_weekday(now, found["day"])),
    (rf"(?:во?|on) (?P<day>{_DAY})", lambda now, found: _until_weekday(now, found["day"]) + timedelta(days=1)),
)

_WRITE = (
    r"(?:пиши(?:те)?|пишите-ка|писать|беспокой(?:те)?|беспокоить|тревожь(?:те)?|присылай(?:те)?|присылать"
    r"|шли(?:те)?|звони(?:те)?"
    r"|отправляй(?:те)?|надоедай(?:те)?)"
)
_SOFT = (
    r"(?:пожалуйста|плиз|прошу|прошу вас|просьба|больше|мне|нам|меня|нас|сюда|вообще|никогда|ничего|впредь"
    r"|уже|и|ну|все|так"
    r"|сообщени[йя]|сообщениями|смс|рассылку|рассылки|в личку|в личные сообщения|в личных сообщениях|в лс"
    r"|в телеграм|на этот номер"
    r"|этого|это|этим|вы|вам|ребята|девушка|здравствуйте|добрый день|привет|спасибо|спасибо но|нет|да|а|но"
    r"|тогда|просто|совсем)"
)
_SOFTLY = (
    r"(?:please|pls|any ?more|again|ever|just|me|to me|now|thanks|thank you|ok|okay|hi|hello|here|at all"
    r"|so|and|guys"
    r"|any|messages?|texts?|this|these|with this|with the messages|i said|no)"
)
_DONT = r"(?:do not|don't|dont|never|please don't|please do not)"
_STOPS = (
    rf"не(?: надо| нужно| смей(?:те)?)?(?: {_SOFT})* {_WRITE}(?: и не {_WRITE})?",
    rf"{_WRITE}(?: {_SOFT})* не (?:надо|нужно|стоит)",
    r"(?:стоп|stop|стопэ|стопе)(?: (?:стоп|stop))*",
    rf"(?:хватит|перестань(?:те)?|прекрати(?:те)?|кончай(?:те)?|завязывай(?:те)?|довольно"
    rf"|достаточно)(?: уже| мне| меня)*"
    rf"(?: {_WRITE}| спамить| рассылк\w| спам| сообщений| сообщения)?",
    r"(?:отстань(?:те)?(?: от (?:меня|нас))?|отвали(?:те)?|отвяжи(?:сь|тесь)|отцепи(?:сь|тесь)|отвянь(?:те)?"
    r"|оставь(?:те)? (?:меня|нас) в покое)",
    r"(?:отпиши(?:те)?|отписка|отписаться|отписываюсь|хочу отписаться|отпишите (?:меня"
    r"|от рассылки))(?: от (?:рассылки|вас|всего))?",
    r"(?:удали(?:те)?|убери(?:те)?|исключи(?:те)?|вычеркни(?:те)?) (?:меня|мой номер|мой контакт"
    r"|мои контакты|мой аккаунт)"
    r"(?: из (?:базы|рассылки|списка|списков|контактов|вашей базы))*",
    r"(?:я )?(?:больше )?не хочу(?: больше)? (?:получать|видеть|читать)(?: от вас)?(?: ваши| эти| никакие"
    r"| никаких)* (?:сообщени[яй]|письма|рассылк[иу])"
    r"(?: от вас)?",
    r"(?:я )?(?:больше )?не хочу(?: больше)? (?:с вами )?(?:общаться|переписываться"
    r"|разговаривать)(?: с вами)?",
    r"не хочу чтобы вы мне(?: больше)? писали",
    r"(?:больше )?никаких сообщений",
    r"забудьте (?:мой номер|про меня|обо мне)",
    rf"{_DONT}(?: {_SOFTLY})* (?:write|text|message|contact|dm|bother|disturb"
    r"|send(?: me)? anything|send|email|call)(?:ing)?",
    r"stop (?:writing|texting|messaging|contacting|bothering|sending|spamming|it|this|that|dming"
    r"|the messages|all messages|everything)",
    r"(?:quit|cease) (?:writing|texting|messaging|contacting|bothering|spamming)",
    r"unsubscribe|opt[ -]?out|i want to unsubscribe|i(?: would|'d) like to unsubscribe|i opt out",
    r"leave (?:me|us) alone|go away|get lost",
    r"(?:remove|delete|take) me(?: off| from)?(?: the| your| this)?(?: list| mailing list| database)?",
    r"(?:delete|remove|lose|forget) my (?:number|contact|data)",
    r"no more(?: automatic)? (?:messages?|texts?|mails?)",
    r"i (?:do not|don't|dont) want (?:to (?:talk|chat|hear from you|receive)|your messages"
    r"|any more messages|more messages|messages)"
    r"(?: any ?more| messages| from you| to you| with you)*",
    r"enough(?: of this| already| messages)?",
)
_ANY_STOP = "|".join(_STOPS)
_AROUND = rf"(?:{_SOFT}|{_SOFTLY})"
STOP = re.compile(rf"(?:{_AROUND} )*(?:{_ANY_STOP})(?: {_AROUND})*(?: from you)?")

_WHEN = "|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern, _ in TIMES)
_REFUSAL = (
    rf"(?:не(?: надо| нужно)?(?: {_SOFT})* {_WRITE}"
    rf"|{_DONT}(?: {_SOFTLY})* (?:write|text|message|contact|disturb|bother))"
)
PAUSE = re.compile(
    rf"(?:{_AROUND} )*?(?:(?P<before>{_WHEN}) )?(?:{_AROUND} )*?{_REFUSAL}"
    rf"(?: {_AROUND})*?(?: (?P<after>{_WHEN}))?(?: {_AROUND})*"
)
RESUME = re.compile(r"(?:старт|start|/start)")
HUMAN = re.compile(
    r"(?:(?:позовите|нужен|нужна|дайте|хочу|можно) )*(?:живого |живой )?(?:человека?|оператора?|менеджера?"
    r"|human|a human|operator)(?: please| пожалуйста)?"
)
BOT = re.compile(
    r"(?:а |так |и |скажите |скажи |извините |простите |погоди(?:те)? |слушай(?:те)? |это |hey |so |wait "
    r"|sorry )*"
    r"(?:(?:ты|вы) (?:что |точно |случайно |вообще |реально |живой |или )*(?:бот|робот|программа|нейросеть"
    r"|нейронка|ии|искусственный интеллект|машина"
    r"|чат-?бот|живой человек|настоящий человек|человек|живой|живая|реальный человек)(?: или (?:бот|робот"
    r"|человек|программа|живой человек|ии|нейросеть|нет))?"
    r"|(?:это|тут|здесь|я) (?:с )?(?:бот(?:ом)?|робот(?:ом)?|нейросеть(?:ю)?|ии"
    r"|человек(?:ом)?)(?: (?:пишет|отвечает|говорю|общаюсь|разговариваю))?"
    r"(?: или (?:бот|ботом|робот|человек|человеком|живой))?"
    r"|я (?:говорю|общаюсь|разговариваю|переписываюсь) с (?:ботом|роботом|нейросетью|программой|человеком"
    r"|живым человеком)"
    r"(?: или с? ?(?:ботом|человеком|роботом|живым))?"
    r"|(?:мне )?(?:отвечает|пишет) (?:бот|робот|нейросеть|человек|ии|программа)(?: или (?:бот|робот"
    r"|человек|нейросеть))?"
    r"|are you (?:a |an |really |actually |even )*(?:bot|robot|ai|human|real|real person|person|machine"
    r"|chatbot|program|human being|chatgpt|gpt)"
    r"(?: or (?:a |an )?(?:bot|human|robot|ai|person|real person|machine|not))?"
    r"|(?:is this|am i (?:talking|speaking|chatting|writing) (?:to|with)) (?:a |an )?(?:bot|robot|ai|human"
    r"|real person|person|machine|chatbot)"
    r"(?: or (?:a |an )?(?:bot|human|person|ai|robot))?"
    r"|bot or (?:a )?human|бот или человек|человек или бот|you are a bot|you're a bot|ты бот"
    r"|вы бот)(?: что ли| да| right)?"
)

# Phrases that sound like distress and are none; taken out before the list is asked.
HARMLESS = re.compile(
    r"бьет (?:меня )?(?:током|рекорд\w*|баклуши)|меня бьет (?:током|дрожь|озноб)|на грани (?!срыва)\w+"
    r"|beats? me at \w+|(?:can't|cannot) go on (?:\w+day|holiday|vacation|a trip|the trip)"
    r"|устал\w? жить на \w+|умереть (?:со|от) (?:смеху|смеха|скуки|любопытства|стыда|зависти|умиления|счастья)"
    r"|(?:хочу|хочется) умереть от \w+"
    r"|не (?:хочу|хочется) жить (?:прошлым|в прошлом|в \w+|с \w+|одн\w+ днем|как \w+|по \w+"
    r"|так дальше скучно|чужой жизнью|иллюзиями)"
    r"|убить (?:время|вечер|двух зайцев|интригу|день)|отряд\w? самоубийц|убийств\w+ времени"
    r"|(?:want to|wanna|could|would|going to) die (?:of|from|laughing) ?\w*|dying (?:to|for|of) \w+"
    r"|kill(?:ing|s)? (?:time|it)|suicide squad"
    r"|(?:i'll|i will|gonna|going to) kill (?:an hour|some time)|to die for"
)
_SELF = r"(?:себя|себе|собой)"
CRISIS = re.compile(
    r"(?<!\w)(?:"
    r"(?:хочу|хочется|хотел\w? бы|собираюсь|решил\w?|думаю|мечтаю|готов\w?) (?:просто |уже |сегодня "
    r"|только )?(?:умереть|сдохнуть|исчезнуть навсегда|не просыпаться|уснуть и не проснуться)"
    r"|(?:умереть|сдохнуть) (?:хочу|хочется)"
    r"|не (?:хочу|хочется|могу|буду|вижу смысла) (?:больше |уже |так |дальше )*жить|жить (?:больше "
    r"|уже )?(?:не хочу|не хочется|незачем|не могу|нет смысла|надоело)"
    r"|(?:нет|не вижу|потерял\w?) (?:никакого )?смысла (?:жить|жизни|в жизни)|незачем (?:больше )?жить"
    r"|устал\w? жить"
    r"|покончить? с (?:собой|жизнью)|покончу с (?:собой|жизнью|этим раз и навсегда)|свести счеты с жизнью"
    r"|наложить на себя руки|уйти из жизни"
    rf"|(?:убить|убью|убиваю|зарезать|порезать|режу|резать|порезал\w?|покалечить|ранить|изувечить) {_SELF}"
    rf"|{_SELF} (?:убить|убью|порезать|режу)"
    r"|(?:вскрыть|вскрою|порезать|порежу|резать|режу|перерезать) (?:себе )?вены|(?:повешусь|повеситься"
    r"|застрелюсь|утоплюсь|отравлюсь|выброшусь|выпрыгну из окна|выйти в окно|прыгнуть с крыши"
    r"|спрыгнуть с (?:моста|крыши))"
    r"|суицид\w*|самоубийств\w*|самоповрежден\w*|селфхарм\w*|лучше бы (?:я|меня) (?:умер\w*|не (?:было"
    r"|родил\w+|жил\w?))|всем будет лучше без меня|без меня (?:всем )?(?:будет|станет) лучше"
    r"|(?:наглотаться|наглотаюсь|наглоталась|наглотался|выпить все|выпью все) таблет\w+"
    r"|(?:он|она|муж|отец|отчим|парень|мать|брат|сын|свекр\w+|они|жена) (?:меня |нас )?(?:опять |снова "
    r"|постоянно |каждый день |сильно )?(?:меня |нас )?(?:бьет|избивает|избил\w?|душит|душил\w?|насилует"
    r"|изнасиловал\w?|бьют|избили)(?: меня| нас)?"
    r"|меня (?:снова |опять )?(?:бьют|избивают|избили|насилуют|изнасиловали|душат|хотят убить|убьют"
    r"|бьет \w+|избил\w? \w+|держат взаперти)|(?:угрожает|угрожают|грозит\w*) (?:меня )?убить"
    r"|(?:хочу|собираюсь|готов\w?) (?:его |ее |их |всех )?убить(?: его| ее| их| всех| мужа| жену| отца"
    r"| мать| начальник\w)?(?=$| ?[.!?,])|я (?:его|ее|их|всех) убью"
    r"|(?:я )?больше (?:так )?не (?:выдержу|вынесу|выдерживаю)|нет (?:больше )?сил жить|не вижу выхода"
    r"|я на грани|мне так плохо что не могу дышать|боюсь что (?:что-то )?с собой сделаю"
    r"|сделаю с собой что-нибудь"
    r"|(?:kill|hurt|harm|cut|cutting|hurting|harming|hang|shoot|drown) myself|suicid\w+|self[- ]?harm\w*"
    r"|take my (?:own )?life|end my (?:own )?life|end it all|ending it all|slit my wrists"
    r"|(?:want|wanna|wish|going|ready|like) (?:to )?(?:just )?(?:die|be dead|disappear forever"
    r"|never wake up)|wish i (?:was|were) (?:dead|never born)|better off (?:dead|without me)"
    r"|(?:don't|do not|dont|no longer) want to (?:live|be alive|wake up|exist)|no (?:reason"
    r"|point) (?:to live|in living|to go on)|nothing to live for|can't go on(?: (?:living|like this"
    r"|any ?more))?|cannot go on"
    r"|tired of (?:living|life|being alive)|overdose|jump off (?:a|the) (?:bridge|roof|building)"
    r"|(?:he|she|my (?:husband|boyfriend|father|dad|stepfather|partner|wife|mother)|they) (?:just |always "
    r"|often |keeps? )?(?:beats?|hits?|hit|beat|rapes?|raped|chok(?:es|ed)|strangles?|beating|hitting"
    r"|abuses?) me"
    r"|i (?:was|am being|got|have been) (?:raped|beaten|abused|assaulted)|(?:threatens?|threatened"
    r"|threatening) to kill me|(?:going to|want to|will) kill (?:him|her|them|everyone|my \w+)"
    r")(?!\w)"
)
