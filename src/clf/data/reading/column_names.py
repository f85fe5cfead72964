"""What the name of a column says about its role: its words, and the names that texts and labels usually have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "document", "body", "message", "tweet", "description",
              "utterance", "query", "question", "article", "abstract", "headline", "title", "summary", "subject",
              "review_text", "text_content")  # fmt: skip
"""The usual names of a column of texts, in the order in which they are preferred."""
SHORT_TEXTS = ("headline", "title", "summary", "subject")
"""Names of texts that stand for a longer one, which is preferred if it is there."""
_TITLED = ("description", "content", "body", "abstract", "selftext")
TITLE_OF = {
    "title": _TITLED,
    "headline": _TITLED,
    "subject": ("body", "description", "message"),  # of a mail or a ticket
    "summary": ("description",),  # of an issue; that of an article or a review stands for it
}
"""Names of titles, each with those of the texts to which it is prepended."""
LABEL_NAMES = ("label", "labels", "stance", "target", "class", "category", "sentiment", "topic", "intent", "label_name",
               "label_text", "class_name", "tag", "y", "polarity", "emotion")  # fmt: skip
"""The usual names of a column of labels, in the order in which they are preferred."""
WEAK_LABEL_NAMES = ("genre", "rating")
"""Names of labels that stand back behind a column with a label's word in its name, such as `gold_label`."""

TEXT_WORDS = _words(
    """
    text sentence review content comment document body message tweet description utterance query question article
    abstract narrative complaint selftext post feedback statement passage paragraph opinion remark sms transcript
    verbatim phrase comments reviews texts tweets sentences messages premise hypothesis prompt texto texte testo tekst
    kommentar commentaire comentario resena mensaje nachricht beschreibung inhalt bericht rezension avis commento
    recensione opmerking satz frase metin текст отзыв tresc opinia recenzja wiadomosc zdanie komentarz коментар
    κειμενο σχολιο κριτικη προταση μηνυμα
    """
)
LABEL_WORDS = _words(
    """
    label labels target class category sentiment topic intent polarity emotion classification stance cats gold
    annotation tag classe clase klasse kategorie categoria categorie etiqueta etiquette etikett sentimiento
    sentimento stimmung thema tema sinif kategori категория метка мітка клас kategoria klasa etykieta sentyment
    ετικετα κατηγορια συναισθημα satisfaction satisfied zufriedenheit zufrieden satisfaccion satisfacao soddisfazione
    mood
    """
)
SURE = _words("label labels sentiment intent polarity emotion stance gold annotation sentimiento sentimento etikett")
"""Words that name nothing but a label; a category or a class may be that of a product, with the label beside it."""
DECIDED = _words(
    """
    gold final majority consensus true adjudicated aggregated overall agreed
    """
)
"""Words of the label that several annotators agreed on."""
AGREED = DECIDED - {"true", "overall"}
"""Those of them that say so without a word for a label, if the columns of the annotators stand beside."""
RATINGS = _words("stars star score rating ratings recommended recommend verdict bewertung")
"""Words of columns that say what somebody thinks, and so are the label if no other name is that of one."""
ABOUT = _words(
    """
    id ids uuid guid key index idx no num number nr count counts len length size url uri link href date time
    timestamp created updated at lang language locale author user username name handle source file filename path
    type score scores confidence prob probability likes retweets votes helpful helpfulness numerator denominator
    year month day age email location coord country version hash md5 sha annotator annotators worker reason
    notes by runtime seconds tokens ip place timezone state zip page
    """
)
"""Words of columns that hold something about a text or a label, such as `review_id` or `label_confidence`."""
LABEL_LIKE = _words(
    """
    stars star score rating ratings genre type kind status priority queue department group section product severity
    level outcome result decision recommended verdict gold tag team issue reason subject stance accept choice
    bewertung note abteilung typ departamento
    """
)
"""Words of columns that often are the label, if nothing else is."""

SEVERAL = _words(
    """
    labels tags topics categories genres emotions intents themes aspects subjects classes annotations
    etiquetas categorias temas generos etiquettes themes kategorien themen schlagworte etichette
    """
)
"""Words of columns that hold several labels of a text, if their values look so and nothing else may be the label."""
VARIANTS = _words("html raw xml json clean cleaned processed preprocessed tokenized lemmatized stemmed translated")
"""Words of columns that hold the texts of another column in another form."""
PAIRS = [
    frozenset(pair)
    for pair in (("premise", "hypothesis"), ("question", "sentence"), ("question", "passage"), ("question", "answer"))
]
"""Names of two texts that are classified together."""

OPPOSITES = [
    frozenset(pair)
    for pair in (("positive", "negative"), ("pros", "cons"), ("good", "bad"), ("likes", "dislikes"),
                 ("advantages", "disadvantages"), ("strengths", "weaknesses"))
]  # fmt: skip
"""Words in which the names of two texts differ if a form asks for what was good and what was bad."""

IN_ENGLISH = {
    english: words.split()
    for english, words in (
        ("text", "文本 テキスト 텍스트 نص النص पाठ"),
        ("sentence", "句子 文章 문장 جملة الجملة वाक्य"),
        ("review", "评论 評論 点评 レビュー 리뷰 مراجعة المراجعة समीक्षा відгук"),
        ("content", "内容 內容 내용 محتوى المحتوى"),
        ("body", "正文 本文 본문"),
        ("comment", "留言 コメント 댓글 تعليق التعليق टिप्पणी"),
        ("message", "消息 短信 メッセージ 메시지 رسالة الرسالة संदेश повідомлення"),
        ("title", "标题 標題 タイトル 제목 عنوان العنوان शीर्षक"),
        ("label", "标签 標籤 ラベル 라벨 레이블 लेबल"),
        ("category", "类别 類別 分类 分類 カテゴリー カテゴリ 카테고리 분류 تصنيف التصنيف فئة الفئة श्रेणी категорія"),
        ("class", "वर्ग"),
        ("sentiment", "情感 情绪 感情 감정 감성 مشاعر भावना"),
        ("id", "编号 編號 番号 번호"),
        ("date", "日期 日付 날짜 时间 時間 日時 시간"),
    )
}
"""Words of languages whose letters have no accents to leave out, and in part no spaces, with what they mean here."""
_MEANING = {word: english for english, words in IN_ENGLISH.items() for word in words}
_UNSPACED = re.compile(
    "|".join(
        sorted((word for word in _MEANING if re.search("[\u3040-\u9fff\uac00-\ud7a3]", word)), key=len, reverse=True)
    )
)
_BETWEEN = re.compile(r"[\s_.:/()-]+")
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAMELESS = re.compile(r"(Unnamed: \d+(_level_\d+)?)?")


def is_nameless(name: str) -> bool:
    """Return whether a column has no name, or the one that pandas gives to such a column."""
    return _NAMELESS.fullmatch(name.strip()) is not None


def in_english(name: str) -> str:
    """Return a name with the usual words of other languages in English; those of East Asia stand without spaces."""
    if name.isascii():
        return name
    spaced = _UNSPACED.sub(lambda found: f" {_MEANING[found[0]]} ", name)
    return " ".join(_MEANING.get(word.lower(), word) for word in _BETWEEN.split(spaced) if word)


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without accents: `reviewText` and `Review_Text` are review, text."""
    import unicodedata

    spaced = _HUMP.sub(" ", in_english(unicodedata.normalize("NFC", name)))
    bare = "".join(part for part in unicodedata.normalize("NFKD", spaced.casefold()) if not unicodedata.combining(part))
    return tuple(_PARTS.findall(unicodedata.normalize("NFC", bare)))


def plain(name: str) -> str:
    """Return the words of a name, joined as a usual name is written."""
    return "_".join(words_of(name))


FIRST_WEAK_RANK = 300
"""The rank from which on a name suggests a label only if no other does."""


@dataclass(frozen=True)
class Suggestion:
    """How strongly a name suggests a role: the lower `rank`, the more strongly."""

    rank: int
    why: str


def suggests_text(name: str) -> Suggestion | None:
    """Return what a name says if it is one that texts have."""
    if (usual := plain(name)) in TEXT_NAMES or (usual := name.lower()) in TEXT_NAMES:
        return Suggestion(TEXT_NAMES.index(usual), "a usual name for a text")
    words = words_of(name)
    if set(words) & TEXT_WORDS and not set(words) & ABOUT and not set(words) & set(SHORT_TEXTS):
        return Suggestion(100, "its name has a word for a text")
    return None


def suggests_label(name: str) -> Suggestion | None:
    """Return what a name says if it is one that labels have."""
    usual, words = plain(name), words_of(name)
    if usual in LABEL_NAMES:
        return Suggestion(LABEL_NAMES.index(usual), "a usual name for a label")
    told = set(words) & LABEL_WORDS
    if told and not (set(words) - {"name", "type"}) & ABOUT:
        if set(words) & DECIDED:
            return Suggestion(50, "its name is that of the agreed label")
        numbered = any(word.isdecimal() for word in words)
        return Suggestion(100 + 10 * len(words) + 50 * numbered, "its name has a word for a label")
    if usual in WEAK_LABEL_NAMES:
        return Suggestion(FIRST_WEAK_RANK + WEAK_LABEL_NAMES.index(usual), "a usual name for a label")
    return None


def find_name(names: Sequence[str], asked: str) -> str | None:
    """Return the name that a user asks for by the name itself, its number from 0, or its words; None if none is."""
    if asked in names:
        return asked
    if asked.isascii() and asked.isdecimal() and len(asked) < 10 and int(asked) < len(names):
        return names[int(asked)]
    alike = [name for name in names if plain(name) and plain(name) == plain(asked)]
    return alike[0] if len(alike) == 1 else None


def is_short(name: str) -> bool:
    """Return whether a name is that of a title or summary, which stands for a longer text."""
    return bool(set(words_of(name)[-1:]) & set(SHORT_TEXTS))


def is_about(name: str) -> bool:
    """Return whether a name is that of something about a row, such as its language or its author."""
    return bool(set(words_of(name)) & (ABOUT - LABEL_LIKE))


def shares_a_word(one: str, other: str) -> bool:
    """Return whether two names are about the same thing, as `category_id` and `category_name`, or are but numbers."""
    return bool(set(words_of(one)) & set(words_of(other))) or (one.isdecimal() and other.isdecimal())


def is_like_label(name: str) -> bool:
    """Return whether a name is that of a rating, a type, a status and their like."""
    return bool(set(words_of(name)) & LABEL_LIKE)


def names_several(name: str) -> bool:
    """Return whether a name is that of several labels of a text, as `tags`."""
    return bool(set(words_of(name)) & SEVERAL)


def is_rating(name: str) -> bool:
    """Return whether a name is that of what somebody thinks, such as a rating or a verdict."""
    return bool(set(words_of(name)) & RATINGS)


def is_agreed(name: str) -> bool:
    """Return whether a name says that annotators agreed, as `majority_vote`; a `final_exam` is none."""
    words = set(words_of(name))
    return bool(words & AGREED) and words <= AGREED | LABEL_WORDS | {"vote", "answer", "value", "choice"}


def is_sure(name: str) -> bool:
    """Return whether a name has a word that names nothing but a label."""
    return bool(set(words_of(name)) & SURE)


def is_variant(name: str) -> bool:
    """Return whether a name is that of another form of the same texts, as `resume_html` beside `resume`."""
    return bool(set(words_of(name)) & VARIANTS)


def is_partner(one: str, other: str) -> bool:
    """Return whether two names are those of a pair, as `sentence1` and `sentence2`, `premise` and `hypothesis`.

    So are `Positive_Review` and `Negative_Review`.
    """
    first, second = words_of(one), words_of(other)
    if frozenset((*first, *second)) in PAIRS and len(first) == len(second) == 1:
        return True
    if len(first) == len(second) > 1 and set(first) ^ set(second) in OPPOSITES:
        return True
    ends = {("1", "2"), ("2", "1"), ("a", "b"), ("b", "a")}
    return len(first) > 1 and first[:-1] == second[:-1] and (first[-1], second[-1:] and second[-1]) in ends
