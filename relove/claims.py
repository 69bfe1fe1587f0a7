"""Claims of a human life, of own experience and of own results, which no text of ours may make. Pure.

The rule is the house's (Honest automation): an account that an AI helps to write has no life to speak of.
Patterns catch the common phrasings in Russian and English; saying that one is an AI is always welcome.
"""

import re

RU_KIN = (
    r"(?:муж|жена|жен[уыой]{1,2}|муж(?:а|у|ем)|сын\w{0,2}|доч\w{1,4}|дет[иейямх]{1,3}|реб[её]н\w{1,3}|мам\w{1,2}|пап\w{1,2}"
    r"|сестр\w{1,2}|брат\w{0,2}|бабушк\w{1,2}|дедушк\w{1,2}|семь\w{1,2}|подруг\w{1,2}|друз\w{1,4}|друг|знаком\w{2,3}"
    r"|родител\w{1,3}|коллег\w{1,2}|соседк?\w{1,2}|парен\w?|девушк\w{1,2}|психолог\w{0,2}|терапевт\w{0,2})"
)
# Any verb in the past tense, and the few that end otherwise; «был бы», «предложил бы» are no past.
RU_DID = r"(?:\w+л(?:а|ся|ась)?|смог(?:ла)?|вырос(?:ла)?|перен[её]с(?:ла)?|спас(?:ся|лась))(?!\s+бы)\b"
RU_BETWEEN = (
    r"(?:сам|сама|тоже|лично|уже|недавно|когда-то|однажды|раньше|давно|вчера|сегодня|это|эту|этот|так|и|в\s+\w+"
    r"|на\s+\w+|не|же|как|всегда|долго|ещё|еще|только|много|просто|потом|сначала|тогда|очень|с\s+\w+)"
)
RU_HELPED = (
    r"(?:помог|помогл[аои]|помогает|помогают|изменил[аои]?|спас|спасл[аои]|откликается|откликнулось|отозвалось|подошл[аои]"
    r"|дал[аои]?|вылечил[аои]?|исцелил[аои]?|вернул[аои]?|понравил\w+|запомнил\w+|снил\w+|приснил\w+|больно|страшно"
    r"|грустно|тяжело|стало|полегчало)"
)
RU = (
    rf"\bя\s+(?:{RU_BETWEEN}\s+){{0,4}}{RU_DID}",
    rf"\b{RU_DID}\s+(?:это\s+|всё\s+|все\s+)?(?:на\s+себе|на\s+собственном|на\s+своём|на\s+своем)\b",
    rf"\b(?:мне|меня|нам|нас)\s+(?:(?:это|эта|этот|лично|самой|самому|тоже|очень|так|и|в\s+\w+|однажды|реально|сильно"
    rf"|программа|практика|курс|поток|метод|медитация|терапия|всё|все)\s+){{0,3}}{RU_HELPED}\b",
    rf"\b{RU_HELPED}\s+(?:и\s+|лично\s+|именно\s+)?мне\b",
    r"\bпо\s+(?:себе|своему\s+опыту|собственному\s+опыту|моему\s+опыту|личному\s+опыту)\b",
    r"\bиз\s+(?:своего|собственного|моего|личного)\s+опыта\b",
    r"\b(?:мой|моего|моём|моем|моему|личный|собственный|свой)\s+(?:\w+\s+)?(?:опыт\w*|результат\w*)",
    r"\bна\s+(?:собственном|своём|своем|моём|моем|личном)\s+(?:опыте|примере)\b",
    r"\bв\s+(?:моей|своей|собственной)\s+(?:жизни|семье|практике|работе|молодости|юности)\b",
    r"\b(?:моя|моей|мою|моём|моем|моего|моему)\s+(?:жизнь|жизни|детств\w+|тел\w+|здоровь\w+|судьб\w+|работ\w+|душ\w+)",
    r"\bв\s+(?:мо[её]м\s+)?детстве\s+(?:я|мы|меня|мне)\b",
    rf"\b(?:мой|моя|моё|мое|мои|моего|моей|моему|моим|моими|моих|мою)\s+(?:\w+\s+)?{RU_KIN}\b",
    rf"\bу\s+(?:меня|нас)\s+(?:\w+\s+){{0,2}}(?:{RU_KIN}|жизн\w+|болит|болел\w?|был[аои]?|стало|получил\w+|"
    r"так\s+же|то\s+же|похож\w+|история|опыт|мурашки|слёзы|слезы|выш\w+|сработал\w*)",
    r"\b(?:как|будучи)\s+(?:мама|мать|матерь\w*|отец|отцом|папа|жена|женой|муж|мужем|женщина|женщиной|мужчина|мужчиной"
    r"|психолог|психологом|врач|врачом|человек|человеком|бабушка|терапевт)\b(?!\s+(?:из|в|на)\s+пост)",
    r"\bя\s+(?:(?:же|тоже|сам|сама|обычн\w+|просто|настоящ\w+|жив\w+|реальн\w+|по\s+профессии)\s+){0,2}"
    r"(?:мама|мать|отец|папа|жена|муж|женщина|мужчина|психолог|психотерапевт|врач|сотрудни[кц]\w?|человек|живой|живая|студент\w*|учитель\w*|юрист|тренер)\b",
    r"\bя\s+(?:не\s+(?:бот|робот|программа|ии|нейросеть|машина)|живу|работаю|плачу|плакала|болею|мечтаю|чувствую|помню"
    r"|хожу|занимаюсь|практикую|медитирую|люблю|боюсь|скучаю|выросла|вырос|замужем|женат)\b",
    r"\b(?:и\s+)?со\s+мной\s+(?:(?:такое|это|тоже|и)\s+){0,2}(?:было|была|был|случил\w+|произош\w+|бывало)\b",
    r"\bмы\s+с\s+(?:мужем|женой|сыном|дочкой|дочерью|детьми|мамой|папой|подругой|друзьями|семьёй|семьей)\b",
    r"\bкогда\s+я\s+(?:была?|рос|росла|жил|жила|училась|учился|работал\w?|проходил\w?|болел\w?|начинал\w?)\b",
    r"(?:^|[.!?,;:—–-]\s*|\bя\s+)(?:сама|сам)\s+(?:прош\w+|проходил\w?|через\s+это|пережил\w?|испытал\w?|пробовал\w?|попробовал\w?|так\s+делал\w?"
    r"|была|был|недавно|столкнул\w+|убедил\w+|знаю)\b",
    r"\bмне\s+(?:\d{2}|тридцать|сорок|пятьдесят|двадцать)\s*(?:\w+\s+)?(?:лет|год)",
    r"\bмо(?:и|ей|ем|й)\s+(?:глаза|сердце|руки|слёзы|слезы|голова|кожа)\b|\bдо\s+(?:слёз|слез|мурашек)\b|\bмурашки\s+по\b",
)
EN_DID = (
    r"(?:tried|went|lived|felt|experienced|did|took|bought|joined|started|quit|lost|gained|learned|learnt|healed|cried"
    r"|struggled|suffered|grew|remember|used|noticed|found|attended|finished|completed|practi[cs]ed|meditated|read|saw"
    r"|watched|heard|met|worked|was|had|got|became|overcame|survived|realized|realised|visited|signed|changed|dealt)"
)
EN_KIN = (
    r"(?:husband|wife|son|daughter|kids?|child(?:ren)?|mother|mom|mum|father|dad|sister|brother|family|grandmother"
    r"|grandma|grandfather|friends?|girlfriend|boyfriend|partner|therapist|colleagues?|parents|neighbou?r|boss)"
)
EN = (
    rf"\bi\s+(?:(?:have|had|also|myself|personally|once|recently|just|really|actually|never|always|even|too|still|only"
    rf"|already|finally|used\s+to)\s+){{0,3}}{EN_DID}\b",
    r"\bi(?:['’]ve|\s+have)\s+(?:\w+\s+)?(?:been|done|had|seen|tried|gone|felt|lived|experienced|struggled|learned|found"
    r"|used|lost|noticed|worked|practi[cs]ed|taken|come|read|met)\b",
    r"\bi(?:['’]m|\s+am)\s+(?:(?:an?|the|also|just|really)\s+){0,2}(?:(?!not\b)\w+\s+)?(?:mother|mom|mum|father|dad"
    r"|wife|husband|woman|man|human|person|psychologist|therapist|doctor|teacher|student|coach|years\s+old)\b",
    r"\bi(?:['’]m|\s+am)\s+\w+,?\s+an?\s+(?:\w+\s+)?(?:mother|father|wife|husband|woman|man|therapist|doctor)\b",
    r"\bi(?:['’]m|\s+am)\s+not\s+an?\s+(?:\w+\s+)?(?:bot|robot|ai|machine|program)\b",
    r"\bi(?:['’]m|\s+am)\s+(?:crying|in\s+tears|feeling|living|married|divorced|pregnant|alive|tired|moved\s+to\s+tears)\b",
    r"\b(?:helped|helps|saved|changed|healed|worked\s+for|works\s+for|resonates?\s+with|resonated\s+with|taught)\s+me\b",
    r"\bworked\s+wonders\s+for\s+(?:me|us)\b|\bchanged\s+my\b|\bmade\s+me\s+(?:cry|feel|smile|laugh|stronger)\b",
    r"\bmy\s+(?:own\s+|personal\s+|whole\s+)?(?:experience|life|childhood|journey|story|results?|practice|body|health"
    r"|heart|eyes|soul|job|career|past|youth|recovery|marriage|divorce|burnout)\b",
    rf"\bmy\s+(?:\w+\s+)?{EN_KIN}\b",
    rf"\b(?:me\s+and\s+my|we\s+with\s+my)\s+{EN_KIN}\b",
    r"\bas\s+an?\s+(?:\w+\s+)?(?:mother|mom|mum|father|dad|parent|wife|husband|woman|man|human(?:\s+being)?|person|psychologist"
    r"|therapist|doctor|teacher|coach|survivor|graduate)\b(?=\s*[,.]|\s+(?:of|myself|i|who)\b)",
    r"\bspeaking\s+(?:from|as)\s+(?:\w+\s+)?(?:experience|a\s+\w+)\b|\bfrom\s+(?:my|personal|own)\s+experience\b",
    r"\b(?:happened|happens)\s+to\s+me\b|\bwhen\s+i\s+(?:was|lived|worked|did|went|had|grew|started|felt)\b",
    r"\bi\s+(?:live|work|cry|feel|meditate|practi[cs]e|remember|love|miss|suffer|dream|know\s+this\s+feeling)\b"
    r"(?!\s+(?:as\s+an?\s+ai))",
    r"\b(?:been\s+there|goosebumps|brought\s+tears|teared\s+up|can\s+relate|i\s+relate|same\s+here|gave\s+me\s+chills)\b",
)
CLAIM = re.compile("|".join(RU + EN), re.IGNORECASE)
QUOTATION = re.compile(r"«([^«»]{2,200})»|“([^“”]{2,200})”|\"([^\"]{2,200})\"")


def claim(text: str, source: str = "") -> str | None:
    """The words of `text` that claim a human life or own experience, or None.

    What stands in quotation marks and occurs in `source` (the post) is the author's claim, not ours.
    """
    found = CLAIM.search(_without_quotations(text, source.lower()))
    return found[0].strip() if found else None


def _without_quotations(text: str, source: str) -> str:
    def own(match: re.Match[str]) -> str:
        quoted = match[1] or match[2] or match[3]
        return " … " if quoted.lower().strip(" .,!?") in source else match[0]

    return QUOTATION.sub(own, text) if source else text
