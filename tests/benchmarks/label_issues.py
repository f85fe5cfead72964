"""Of the first label issues that `clf evaluate --folds` would list, how many are wrong labels?

    PYTHONPATH=tests python tests/benchmarks/label_issues.py --noisy noisy10k.parquet --model ENCODER --epochs 1

The file has `text`, the true `label`, and `noisy_label`, which alone is trained on; each text is judged by a model that did
not see it. Beside confident learning's ranking stand plain self-confidence (the probability of the given label, lowest
first) and chance.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

from clf.data.sources.find import SourceFinder
from clf.measuring.out_of_fold import out_of_fold
from clf.models.find_and_load import load_model
from clf.scoring.label_issues import is_label_issue, rank_label_issues
from clf.settings import ComputeSettings, DataSettings, RunSettings, Settings, TrainSettings
from clf.train import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noisy", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    options = parser.parse_args()
    table = parquet.read_table(options.noisy)
    truth = dict(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "noisy.parquet"
        labels = pyarrow.array([str(label) for label in table["noisy_label"].to_pylist()])
        parquet.write_table(pyarrow.table({"text": table["text"], "label": labels}), file)
        recipe = TrainSettings(
            model=options.model, epochs=options.epochs, learning_rate=options.learning_rate, no_final_test=True
        )
        data = DataSettings(dataset=str(file), max_length=128, validation_size=0.05, test_size=0.0)
        settings = Settings(train=recipe, data=data, run=RunSettings(output_dir=Path(scratch) / "model"))
        train(settings)
        model = load_model(str(Path(scratch) / "model"))
        texts, answers = out_of_fold(model, options.folds, ComputeSettings(), SourceFinder(seed=42))
    given = texts.labels
    wrong = np.array(
        [texts.names[label] != str(truth[text]) for text, label in zip(texts.raw_texts, given.tolist(), strict=True)]
    )
    rankings = {
        "confident learning": rank_label_issues(answers),
        "self-confidence": np.argsort(-answers.log_losses, kind="stable"),
        "chance": np.random.default_rng(0).permutation(len(given)),
    }
    print(f"{len(given)} labels, {wrong.mean():.2%} wrong, {int(is_label_issue(answers).sum())} listed\n")
    print("| ranking | of the first 100 | 500 | 1,000 |\n|---|---|---|---|")
    for name, ranked in rankings.items():
        print(f"| {name} | " + " | ".join(f"{wrong[ranked[:count]].mean():.1%}" for count in (100, 500, 1000)) + " |")


if __name__ == "__main__":
    main()
