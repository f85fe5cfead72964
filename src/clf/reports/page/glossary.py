"""What the words on a page mean, each in a sentence: shown on hover, and at the end of the page also in print."""

from collections.abc import Iterable

from clf.reports.page.parts import Page

GLOSSARY = {
    "accuracy": "The share of texts whose predicted label is right.",
    "precision": "Of the texts that were given this label, the share that has it.",
    "recall": "Of the texts that have this label, the share that was given it.",
    "F1": "One figure for precision and recall, their harmonic mean: 1 if both are perfect, 0 if nothing is right.",
    "precision (macro)": "The mean precision of all labels, each counting the same.",
    "recall (macro)": "The mean recall of all labels, each counting the same.",
    "F1 (macro)": "The mean F1 of all labels, each counting the same, rare ones too.",
    "F1 (micro)": "The F1 of all decisions on labels taken together, so that frequent labels count more.",
    "precision (micro)": "Of all labels that were given, the share that is right.",
    "recall (micro)": "Of all labels that the texts have, the share that was given.",
    "precision (weighted)": "The mean precision of the labels, weighted by the number of texts that have them.",
    "recall (weighted)": "The mean recall of the labels, weighted by the number of texts that have them.",
    "F1 (weighted)": "The mean F1 of the labels, weighted by the number of texts that have them.",
    "F1 (mean of texts)": "The F1 of the labels of each text, averaged over the texts.",
    "subset accuracy": "The share of texts whose whole set of labels is right: none missing, none too many.",
    "Hamming loss": "The share of wrong decisions among all decisions on a text and a label.",
    "label ranking average precision": "How far up the true labels of a text stand when its labels are ordered by "
    "probability; 1 if they come first.",
    "balanced accuracy": "The mean recall of all classes, each counting the same.",
    "Matthews correlation": "The correlation of true and predicted labels: 1 is perfect, 0 is no better than chance.",
    "ROC AUC": "How often a text with the label gets a higher probability than one without it; 0.5 is chance.",
    "ROC AUC (macro)": "The mean over labels of how often a text with the label gets a higher probability than one "
    "without it; 0.5 is chance.",
    "average precision": "The mean precision as texts are taken by falling probability; it needs no threshold.",
    "average precision (macro)": "The mean over labels of the precision as texts are taken by falling probability; it "
    "needs no threshold.",
    "mean confidence": "The mean probability that the model gives its own answers; it should equal the share that is "
    "right.",
    "calibration error": "How far confidence is from the share of right answers, on average; 0 is perfect.",
    "calibration error (mean of labels)": "How far the probability of a label is from the share of texts that have it, "
    "averaged over labels with at least 100 texts with and without it; 0 is perfect.",
    "… by chance": "The calibration error that a perfectly calibrated model would show on so many texts.",
    "Brier score": "The mean squared difference of probabilities and truth; 0 is perfect.",
    "Brier score (mean of labels)": "The mean squared difference of probability and truth; 0 is perfect.",
    "Brier skill": "How much better the Brier score is than that of always answering with the label's share of texts: "
    "1 is perfect, 0 no better.",
    "log loss": "How surprised the model is by the truth, in nats; a confident error costs most, 0 is perfect.",
    "log loss (mean of labels)": "How surprised the model is by the truth, in nats, on average; 0 is perfect.",
    "95 % interval": "Such an interval holds the true figure for all texts of this kind 95 times of 100.",
    "threshold": "The probability from which on the label is predicted.",
    "confidence": "The probability that the model gives its own answer.",
    "margin": "The lower it is, the more likely the label is wrong.",
    "verdict": "What the interval of the difference says: better if it is above 0, worse if it is below.",
    "McNemar p": "How likely so uneven a split of the texts that only one model gets right is by chance; it decides "
    "nothing here.",
    "right alone": "How many texts only the candidate gets right, and how many only the baseline.",
    "if independent": "How many texts would have both labels if one label said nothing about the other.",
    "difference": "The candidate's figure minus the baseline's on the same texts.",
    "texts": "The number of these texts that have the label.",
}


def explained(page: Page) -> dict[str, str]:
    """Return the words of a page that the glossary explains, in its order."""
    used = set(_words(page))
    return {word: meaning for word, meaning in GLOSSARY.items() if word in used}


def _words(page: Page) -> Iterable[str]:
    yield from (figure.name for figure in page.cards.figures)
    for section in page.sections:
        for table in section.tables:
            yield from ([] if table.matrix else table.columns)
            yield from (cell.shown for row in table.rows for cell in row if cell.kind == "term")
