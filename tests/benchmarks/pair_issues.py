"""Of the first pairs that `clf evaluate --label-issues` lists with several labels per text, how many are planted errors?

    PYTHONPATH=tests python tests/benchmarks/pair_issues.py --predictions evaluations/mine/predictions.parquet
    PYTHONPATH=tests python tests/benchmarks/pair_issues.py --articles ag_news.parquet --model ENCODER --epochs 2

Of each label, 5 % of the texts that have it lose it, and as many that have it not get it. `--predictions` plants these
errors in the true labels of an evaluation on texts that the model was not trained on. `--articles` makes texts with
several labels out of a file with one `label` for each `text`: of the beginnings of articles of different labels, each of
which is there with its chance of `--shares`, in the order of their names. Models are then trained with the errors, and
each text is judged by one that was trained on the others, as with `--folds`; with `--model tfidf` by a logistic regression
for each label, which takes seconds.

Beside clf's ranking stand others over the same pairs: the probability of what is given (the label quality of each class
in cleanlab), the same adjusted by its thresholds, and the margin of confident learning with one label per text.
"""

import argparse
import json
import random
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from clf.data.sources.find import SourceFinder
from clf.measuring.folds import fold_numbers
from clf.measuring.out_of_fold import out_of_fold
from clf.models.find_and_load import load_model
from clf.scoring.multi_label import EVEN, MultiLabelAnswers
from clf.scoring.pair_issues import Judged, _usual, find_pairs
from clf.settings import ComputeSettings, DataSettings, RunSettings, Settings, TrainSettings
from clf.train import train

WRONG = 0.05
"""The share of the texts with a label that lose it, beside which as many others get it."""

Table = NDArray[np.bool_]


def join(file: Path, count: int, shares: list[float], length: int, seed: int) -> tuple[list[str], Table, list[str]]:
    """Return texts of the first characters of several articles, which labels each has, and the names of the labels."""
    table, pick = parquet.read_table(file), random.Random(seed)
    of_label: dict[str, list[str]] = {}
    for text, label in zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True):
        of_label.setdefault(str(label), []).append(text[:length])
    names = sorted(of_label)
    for texts in of_label.values():
        pick.shuffle(texts)
    made, labels = [], []
    while len(made) < count:
        chosen = [name for name, share in zip(names, shares, strict=True) if pick.random() < share]
        if chosen:
            labels.append([name in chosen for name in names])
            made.append(" ".join(of_label[name].pop() for name in pick.sample(chosen, len(chosen))))
    return made, np.array(labels), names


def planted(truth: Table, seed: int) -> Table:
    """Return the pairs whose label is made wrong: of each label, as many missing as surplus."""
    generator, wrong = np.random.default_rng(seed), np.zeros_like(truth)
    for label, having in enumerate(truth.T):
        for side in (having, ~having):
            rows = generator.choice(np.flatnonzero(side), round(WRONG * int(having.sum())), replace=False)
            wrong[rows, label] = True
    return wrong


def rankings(answers: MultiLabelAnswers) -> dict[str, NDArray[np.float64]]:
    """Return a value for each pair by which others rank, the likeliest errors first."""
    given, having = answers.labels, answers.probabilities.astype(np.float64)
    lacking, usual = 1 - having, _usual(answers, np.ones(len(answers), dtype=bool))
    of_given = np.where(given, having, lacking)
    adjusted = np.stack([lacking - usual[0], having - usual[1]]) + usual.max(axis=0)
    beyond = np.where(given, having - usual[1], lacking - usual[0])
    return {
        "probability of what is given": of_given,
        "the same, adjusted": np.where(given, adjusted[1], adjusted[0]) / adjusted.sum(axis=0),
        "margin over the opposite": beyond - np.where(given, lacking - usual[0], having - usual[1]),
        "chance": np.random.default_rng(0).random(given.shape),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.6] * 4)
    parser.add_argument("--beginning", type=int, default=160, help="characters of each article")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    answers, wrong = held_out(options) if options.predictions else by_folds(options)
    show(answers, wrong)


def held_out(options: argparse.Namespace) -> tuple[MultiLabelAnswers, Table]:
    """Return the answers of an evaluation, with errors planted in its labels, and where these are."""
    table = parquet.read_table(options.predictions)
    names = [name.removeprefix("score_") for name in table.column_names if name.startswith("score_")]
    truth = np.array([[name in labels for name in names] for labels in table["label"].to_pylist()])
    probabilities = np.stack([table[f"score_{name}"].to_numpy() for name in names], axis=1).astype(np.float32)
    wrong = planted(truth, options.seed)
    return MultiLabelAnswers(probabilities, truth ^ wrong, np.full(len(names), EVEN)), wrong


def by_folds(options: argparse.Namespace) -> tuple[MultiLabelAnswers, Table]:
    """Train with planted errors, and return out-of-fold answers and where the errors are."""
    texts, truth, names = join(options.articles, options.texts, options.shares, options.beginning, options.seed)
    wrong = planted(truth, options.seed)
    given = truth ^ wrong
    if options.model == "tfidf":
        return by_tfidf(texts, given, names, options), wrong
    with tempfile.TemporaryDirectory() as scratch:
        file, model = Path(scratch) / "noisy.jsonl", Path(scratch) / "model"
        rows = [
            {"text": text, "labels": [name for name, there in zip(names, row, strict=True) if there]}
            for text, row in zip(texts, given.tolist(), strict=True)
        ]
        file.write_text("\n".join(map(json.dumps, rows)))
        recipe = TrainSettings(
            model=options.model, epochs=options.epochs, learning_rate=options.learning_rate, no_final_test=True
        )
        data = DataSettings(dataset=str(file), max_length=options.max_length, validation_size=0.05, test_size=0.0)
        train(Settings(train=recipe, data=data, run=RunSettings(output_dir=model)))
        finder = SourceFinder(seed=42)
        measured, answers, _ = out_of_fold(load_model(str(model)), options.folds, ComputeSettings(), finder)
    assert isinstance(answers, MultiLabelAnswers)
    place = {text: row for row, text in enumerate(texts)}
    order = [names.index(name) for name in measured.names]
    return answers, (answers.labels ^ truth[[place[text] for text in measured.raw_texts]][:, order]).astype(bool)


def by_tfidf(texts: list[str], given: Table, names: list[str], options: argparse.Namespace) -> MultiLabelAnswers:
    """Return out-of-fold answers of a logistic regression on TF-IDF for each label."""
    parts = fold_numbers(texts, given, options.folds, options.seed, names)
    probabilities = np.zeros(given.shape, dtype=np.float32)
    for fold in range(options.folds):
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        seen = words.fit_transform([text for text, part in zip(texts, parts, strict=True) if part != fold])
        new = words.transform([text for text, part in zip(texts, parts, strict=True) if part == fold])
        for label in range(len(names)):
            fitted = LogisticRegression(C=10, max_iter=300).fit(seen, given[parts != fold, label])
            probabilities[parts == fold, label] = fitted.predict_proba(new)[:, 1]
    return MultiLabelAnswers(probabilities, given, np.full(len(names), EVEN))


def show(answers: MultiLabelAnswers, wrong: Table) -> None:
    """Print how many of the first pairs are planted errors, by each ranking."""
    everything = Judged(np.ones(len(wrong), dtype=bool), np.ones(wrong.shape[1], dtype=bool))
    found = find_pairs(answers, everything, wrong.size)
    kinds = {"all": wrong, "missing": wrong & ~answers.labels, "surplus": wrong & answers.labels}
    of_kinds = ", ".join(f"{kind} {int(table.sum())} ({table.mean():.2%})" for kind, table in kinds.items())
    print(
        f"{len(wrong)} texts, {wrong.size} pairs; wrong: {of_kinds}; texts with each label: {answers.labels.sum(axis=0)}"
    )
    hits = wrong[found.rows, found.labels]
    print(f"{len(hits)} pairs listed, {hits.mean():.1%} of them wrong: {hits.sum() / wrong.sum():.1%} of the errors\n")
    print("| ranking | of the first 100 | 500 | surplus in the first 100 |\n|---|---|---|---|")
    print(_row("clf", hits, answers.labels[found.rows, found.labels]))
    for name, values in rankings(answers).items():
        order = np.argsort(values, axis=None, kind="stable")
        print(_row(name, wrong.ravel()[order], answers.labels.ravel()[order]))


def _row(name: str, hits: NDArray[np.bool_], surplus: NDArray[np.bool_]) -> str:
    return f"| {name} | {hits[:100].mean():.1%} | {hits[:500].mean():.1%} | {surplus[:100].mean():.0%} |"


if __name__ == "__main__":
    main()
