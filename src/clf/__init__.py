"""clf: fine-tune a pre-trained encoder into a text classifier, and prove that it got better.

The stages are modules, in the order of the data: prepare, train, evaluate, compare, predict, export; demo runs
them all, download fetches what they need, and doctor looks at the machine. Below them, from the top down:

reports     results for people and for CI jobs
measuring   what a model answers on a dataset, and its baselines
training    fine-tuning
scoring     pure functions of probabilities and true labels
models      encoders and classifiers: found, loaded, asked, exported
data        files -> prepared datasets
hub         the Hugging Face Hub and its cache
storage     results on the disk, whole or not at all
outcomes    what each stage returns, as types: what the command line shows and prints as JSON
settings, settings_sources, errors, progress, processes

`clf.cli` is the command line, and this is the library:

    import clf
    clf.load("trained_models/my_model").predict(["a text"])
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clf.predictor import Prediction, Predictor, load

__version__ = "0.1.0"
__all__ = ["Prediction", "Predictor", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name in {"load", "Prediction", "Predictor"}:
        if sys.platform == "win32":
            raise ImportError("clf runs on Linux and macOS; on Windows use the Subsystem for Linux (wsl --install)")
        from clf import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
