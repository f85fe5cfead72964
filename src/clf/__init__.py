"""clf: fine-tune a pre-trained encoder into a text classifier, and test whether it beats its baselines.

    src/clf/
    ├── __main__.py          the entry point of `clf` and `python -P -m clf`
    ├── cli/                 the command line: commands, options, help and the display of results
    │
    │   one module per command, in the order of the data:
    ├── download.py          clf download-models: fetch models and datasets for offline use
    ├── prepare.py           clf prepare: read, clean, label, split and audit a dataset
    ├── train.py             clf train: fine-tune an encoder on the prepared dataset
    ├── evaluate.py          clf evaluate: measure one model on one split
    ├── compare.py           clf compare: decide whether a model beats its baselines by more than chance
    ├── predict.py           clf predict: label new texts
    ├── predictor.py         the loaded classifier behind `clf.load` and `clf predict`
    ├── serve.py             clf serve: answer over HTTP what clf predict answers
    ├── export.py            clf export: write a model as ONNX, and check it
    ├── demo.py              clf demo: the complete pipeline on synthetic reviews
    ├── doctor.py            clf doctor: report on the machine, the cache and the settings
    │
    │   what the commands are built from, in the order of the data:
    ├── hub/                 downloads from the Hugging Face Hub, and its local cache
    ├── data/                files or Hub datasets -> prepared datasets
    ├── models/              encoders and classifiers: load, run and export them
    ├── training/            fine-tuning on the Hugging Face Trainer
    ├── measuring/           predictions of a model and of its baselines on a dataset
    ├── serving/             the server behind clf serve: from the wire to the model
    ├── scoring/             metrics, calibration and significance, computed from probabilities and true labels
    ├── outcomes/            the result types of all commands
    ├── reports/             results as Markdown, HTML, JUnit XML and model cards
    ├── storage/             result folders on disk, written atomically
    │
    │   used everywhere:
    ├── settings.py          every setting, with its default and help text
    ├── settings_types.py    what settings are made of: the class of a section, and types of values
    ├── settings_sources.py  settings loaded from flags, environment variables and clf.toml
    ├── settings_file.py     reads a settings file, and limits what one may set that nobody named
    ├── errors.py            the errors shown to users, with hints and exit codes
    ├── safety.py            makes foreign text harmless before it is shown or recorded
    ├── progress.py          progress bars and progress lines
    ├── processes.py         the processes of a run started by torchrun or accelerate launch
    └── py.typed             marks the package as typed

The library, for use from Python:

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
            raise ImportError("clf runs on Linux and macOS; on Windows, use WSL (wsl --install)")
        from clf import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
