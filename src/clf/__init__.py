"""clf: fine-tune a pre-trained encoder into a text classifier, and prove that it got better.

The stages are modules, in the order of the data: prepare, train, evaluate, compare, predict, export; demo runs
them all and download fetches what they need. What they are made of stands in the packages data, models, scoring,
training and reports; settings, errors, results, runs, progress and hub are shared. `clf.cli` is the command line.

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
