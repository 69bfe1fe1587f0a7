"""What the sandbox's model knows: moods, kinds of posts, and phrases of comments in Russian and English.

`{a}` and `{b}` are the post's own key words, `{q}` a few words of it, `{i}` an interest of the account. The
phrases are built so that a word fits as it stands, whatever its case. None claims a life of its own.
"""

from relove.language import Language

# acute despair, beside the phrases that everybody lists
DESPAIR = ("отчаян", "безнадеж", "безнадёж", "безысход", "despair", "hopeless")

TONES: dict[Language, dict[str, tuple[str, ...]]] = {
    "ru": {
        "радостный": ("рад", "счаст", "ура", "поздрав", "праздн", "весел", "восторг"),
        "тревожный": ("тревог", "страх", "боюсь", "боит", "боль", "кризис", "устал", "одиноч", "опас"),
        "вдохновляющий": ("вдохнов", "мечт", "путь", "сил", "откры", "смел", "возможн", "раскры", "энерг"),
        "благодарный": ("благодар", "спасибо", "признател"),
        "деловой": ("стоимост", "цен", "регистрац", "программ", "расписан", "срок", "результат", "услов"),
        "задумчивый": ("почему", "смысл", "вопрос", "дума", "понима", "размышл", "чувств"),
        "спокойный": (),
    },
    "en": {
        "joyful": ("happy", "glad", "joy", "celebrat", "congrat", "delight", "fun"),
        "anxious": ("anxi", "fear", "afraid", "pain", "crisis", "tired", "lonely", "danger", "worr"),
        "inspiring": ("inspir", "dream", "path", "strength", "open", "brave", "possib", "energy"),
        "grateful": ("grateful", "thank", "gratitude"),
        "businesslike": ("price", "cost", "register", "program", "schedule", "deadline", "result", "term"),
        "thoughtful": ("why", "meaning", "question", "think", "understand", "wonder", "feel"),
        "calm": (),
    },
}
KINDS: dict[str, tuple[str, ...]] = {
    "announcement": (
        *("приглаша", "вебинар", "регистрац", "анонс", "старт", "набор", "встреч", "эфир", "запис"),
        *("webinar", "register", "join us", "announc", "sign up", "invite"),
    ),
    "news": (
        *("новост", "сообщи", "объявил", "вышел", "вышла", "обновлен", "релиз"),
        *("news", "released", "announced", "reported", "update", "launched"),
    ),
    "advice": (
        *("совет", "попробуй", "шаг", "практик", "упражнен", "способ", "начните", "рекоменд", "как "),
        *("tip", "try ", "step", "practice", "exercise", "how to", "recommend"),
    ),
    "story": (
        *("истори", "однажды", "когда-то", "вспомни", "расска", "случил", " я ", "была", "помню"),
        *("story", "once", "remember", " i ", "happened", "told"),
    ),
}
NOTHING_SAID: dict[Language, str] = {
    "ru": "Короткая запись почти без слов.",
    "en": "A short post with hardly any words.",
}
NO_WORDS: dict[Language, list[str]] = {"ru": ["запись"], "en": ["post"]}
# Words in the voice's style and tone → the manner of its comments.
MANNERS: dict[str, tuple[str, ...]] = {
    "warm": ("тёпл", "тепл", "друж", "мягк", "забот", "душ", "эмоц", "warm", "friend", "kind", "gentle"),
    "exact": ("делов", "аналит", "строг", "факт", "точн", "сдержан", "exact", "analy", "formal", "fact"),
    "light": ("ирон", "юмор", "лёгк", "легк", "весел", "игр", "light", "humo", "play", "iron"),
}
SHORT = ("кратк", "коротк", "лакон", "короче", "short", "brief", "concise")

OPENINGS: dict[Language, dict[str, tuple[str, ...]]] = {
    "ru": {
        "plain": (
            "Слово «{a}» здесь держит весь текст",
            "В посте внимание сразу останавливается на слове «{a}»",
            "Слово «{a}» сказано без спешки, и это видно",
            "Пожалуй, слово «{a}» и есть ключ к этому тексту",
            "Мысль «{q}» хочется разобрать подробнее",
            "Строка «{q}» задаёт тон всему остальному",
            "Фраза «{q}» звучит как начало большого разговора",
            "Тут слово «{a}» видно с неожиданной стороны",
            "После такого поста иначе слышится слово «{a}»",
            "Вокруг слова «{a}» в тексте собрано всё остальное",
            "Начать разговор словами «{q}» было верным решением",
            "За словами «{q}» угадывается больше, чем сказано вслух",
            "Редко встретишь, чтобы слово «{a}» стояло так к месту",
        ),
        "warm": (
            "Как бережно здесь сказано: «{q}»",
            "Приятно, что слово «{a}» звучит здесь по-доброму",
            "Спасибо за слова «{q}», в них много внимания к людям",
            "Вокруг слова «{a}» сразу становится теплее",
            "Хорошо, что напоминание «{q}» прозвучало именно так просто",
            "Сколько тепла в том, как сказано «{a}»",
        ),
        "exact": (
            "Главный тезис, судя по тексту: «{q}»",
            "Понятие «{a}» стоило бы определить точнее",
            "Если выделить суть, остаётся «{a}»",
            "По структуре всё сходится к пункту «{a}»",
            "Утверждение «{q}» можно разложить на части",
            "Опорное слово текста, похоже, «{a}»",
        ),
        "light": (
            "Кажется, слово «{a}» сегодня в главной роли",
            "«{q}»: прямо готовый заголовок",
            "Если бы у поста был девиз, там точно было бы слово «{a}»",
            "Вот и слово «{a}» дождалось своего выхода на сцену",
            "Слову «{a}» тут явно досталась главная роль",
            "Фразу «{q}» так и тянет вынести на обложку",
        ),
    },
    "en": {
        "plain": (
            "The word “{a}” carries this whole text",
            "“{a}” is what the post keeps coming back to",
            "The topic of “{a}” gets the time it needs here",
            "Perhaps “{a}” is the key to this text",
            "The thought “{q}” deserves a closer look",
            "The line “{q}” sets the tone for the rest",
            "“{q}” sounds like the start of a longer conversation",
            "Here “{a}” shows an unexpected side",
            "After a post like this “{a}” sounds different",
            "Everything else in the text gathers around “{a}”",
            "Opening with “{q}” was a good decision",
            "Behind “{q}” one can guess more than is said aloud",
            "It is rare for “{a}” to be this much in its place",
        ),
        "warm": (
            "How gently this is put: “{q}”",
            "Good to see “{a}” talked about so kindly",
            "Thank you for the words “{q}”, there is care for people in them",
            "The part about “{a}” has a lot of warmth",
            "It helps that “{q}” is said this simply",
            "So much attention in the way “{a}” is presented",
        ),
        "exact": (
            "The main claim, going by the text: “{q}”",
            "The term “{a}” could use a sharper definition",
            "Reduced to its core, what remains is “{a}”",
            "Structurally everything leads to “{a}”",
            "The statement “{q}” can be taken apart",
            "The load-bearing word seems to be “{a}”",
        ),
        "light": (
            "Looks like “{a}” is the star today",
            "“{q}” is practically a headline already",
            "If this post had a motto, “{a}” would be in it",
            "And so “{a}” finally gets its entrance",
            "“{a}” clearly landed the leading role",
            "“{q}” belongs on a cover",
        ),
    },
}
MIDDLES: dict[Language, tuple[str, ...]] = {
    "ru": (
        "Рядом с этим слово «{b}» читается уже иначе.",
        "Связка слов «{a}» и «{b}» заметна не сразу, но многое объясняет.",
        "А вот слово «{b}» осталось немного в тени, хотя просится в отдельный пост.",
        "Слово «{b}» сказано мимоходом, и как раз там хочется продолжения.",
        "Слова «{a}» и «{b}» обычно спорят между собой, здесь они заодно.",
        "Если начать со слова «{b}», весь ход мысли собирается по-новому.",
        "Особенно понятно становится там, где появляется слово «{b}».",
        "Отдельно заметно слово «{b}»: без него картина была бы неполной.",
        "Со словом «{b}» всё становится ближе к обычному дню.",
        "Деталь «{b}» легко пропустить, а она тут на своём месте.",
        "Отсюда виден и мостик к теме «{i}».",
        "С темой «{i}» это перекликается сильнее, чем кажется сначала.",
    ),
    "en": (
        "Next to it “{b}” reads differently.",
        "The link between “{a}” and “{b}” is easy to miss and explains a lot.",
        "Meanwhile “{b}” stays in the shade, though it could fill a post of its own.",
        "“{b}” is only touched in passing, and that is where more would be welcome.",
        "People often set “{a}” against “{b}”; here they agree.",
        "Starting from “{b}”, the whole line of thought falls into place.",
        "It becomes clearest where “{b}” comes in.",
        "Worth noting “{b}”: without it the picture would be incomplete.",
        "Through “{b}” the topic gets closer to an ordinary day.",
        "The detail “{b}” is small and sits exactly where it should.",
        "From here there is a bridge to “{i}” as well.",
        "It echoes “{i}” more than one would expect.",
    ),
}
# For posts with one key word only: the opening has named it already.
ALONE: dict[Language, tuple[str, ...]] = {
    "ru": (
        "За таким словом обычно стоит длинная история, тут она только намечена.",
        "Каждый читатель поймёт это по-своему, и автор оставляет для этого место.",
        "Об этом редко говорят так спокойно и без громких выводов.",
        "Отсюда виден и мостик к теме «{i}».",
        "С темой «{i}» это перекликается сильнее, чем кажется сначала.",
    ),
    "en": (
        "Behind such a word there is usually a long story; here it is only hinted at.",
        "Every reader will take it differently, and the author leaves room for that.",
        "It is seldom discussed this calmly and without loud conclusions.",
        "From here there is a bridge to “{i}” as well.",
        "It echoes “{i}” more than one would expect.",
    ),
}
CLOSINGS: dict[Language, tuple[str, ...]] = {
    "ru": (
        "С какого шага вы бы предложили начать?",
        "Что в этой теме чаще всего понимают неверно?",
        "Интересно, как на это смотрят другие читатели?",
        "Будет ли продолжение с примерами?",
        "А где здесь, по-вашему, проходит граница?",
        "Какой вопрос к этому посту вам задают чаще других?",
        "Что бы вы добавили сюда через год?",
        "Какое возражение кажется вам самым сильным?",
        "Хорошая точка, чтобы остановиться и подумать.",
        "К такому тексту полезно вернуться вечером ещё раз.",
        "Такие записи хорошо собирают обсуждение под собой.",
        "Пример из жизни читателей сделал бы мысль ещё нагляднее.",
        "Любопытно было бы увидеть и обратную сторону.",
        "Есть о чём поговорить в комментариях.",
        "Было бы полезно сравнить это с тем, что автор писал раньше.",
        "Кому из читателей эта мысль пригодилась бы уже завтра?",
        "Что останется от этой идеи, если убрать красивые слова?",
        "Какую книгу вы бы положили рядом с этим постом?",
        "А что об этом говорят те, кто не согласен?",
        "Можно ли объяснить то же самое ребёнку?",
        "Вопрос к автору: что подтолкнуло написать именно сейчас?",
        "Хочется увидеть вторую часть, где всё это проверяют на деле.",
        "Спокойный тон помогает дочитать и не спорить сразу.",
        "Тут легко согласиться и гораздо труднее начать.",
    ),
    "en": (
        "Which step would you suggest to begin with?",
        "What do people get wrong about this most often?",
        "How do other readers see it?",
        "Will there be a follow-up with examples?",
        "Where would you draw the line here?",
        "Which question about this do you hear most?",
        "What would you add to it a year from now?",
        "Which objection strikes you as the strongest?",
        "A good place to pause and think.",
        "A text like this is worth a second reading in the evening.",
        "Posts like this gather a good discussion.",
        "An example from the readers would make it even clearer.",
        "The other side of it would be interesting too.",
        "There is plenty here to talk about in the comments.",
        "Comparing it with the author's earlier posts would be useful.",
        "Who among the readers could use this thought tomorrow?",
        "What is left of the idea without the beautiful words?",
        "Which book would you put next to this post?",
        "And what do those say who disagree?",
        "Could the same be explained to a child?",
        "A question to the author: what prompted this just now?",
        "A second part that puts all this to the test would be welcome.",
        "The calm tone helps to read to the end before arguing.",
        "Easy to agree with, and much harder to begin.",
    ),
}
# For posts that give no words to refer to: emoji, a link, a formula, an order.
MODEST: dict[Language, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ru": (
        (
            "Запись короткая, а контекст наверняка есть.",
            "Почти без слов, зато остаётся место для догадок.",
            "Лаконично: подробности, видимо, впереди.",
            "Тут явно есть история, которая осталась за кадром.",
            "Так мало текста, что каждый прочтёт по-своему.",
            "Намёк понятен не сразу, тем любопытнее.",
            "Без пояснений это выглядит как загадка для читателей.",
            "Короткие записи иногда собирают самые длинные обсуждения.",
        ),
        (
            "Расскажете, что за этим стоит?",
            "Добавите пару слов для тех, кто только присоединился?",
            "С чем это связано?",
            "Какой здесь главный посыл?",
            "К какой теме канала это отнести?",
            "Будет пояснение в следующем посте?",
            "Кто из читателей уже догадался, о чём речь?",
            "Подскажете, на что обратить внимание в первую очередь?",
        ),
    ),
    "en": (
        (
            "A short post, though there must be a context to it.",
            "Hardly any words, which leaves room for guesses.",
            "Brief: the details are probably on their way.",
            "There seems to be a story that stayed off the page.",
            "So little text that everyone will read it their own way.",
            "The hint takes a moment, which makes it more curious.",
            "Without a caption this looks like a riddle for the readers.",
            "Sometimes the shortest posts gather the longest discussions.",
        ),
        (
            "Could you tell what is behind it?",
            "Would you add a few words for those who have just joined?",
            "What is it connected with?",
            "What is the main point here?",
            "Which topic of the channel does it belong to?",
            "Will the next post explain it?",
            "Which of the readers has already guessed?",
            "What should one look at first?",
        ),
    ),
}
