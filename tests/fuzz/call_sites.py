"""Where clf reads documents back: each function that does, and whether something changes what it reads.

The functions that a `Reading` runs are found by running it. `BY_COMMANDS` names those that only a command runs, each
with the target that changes their file; a weekly test sees that the commands of the target run them. The rest stand in
`ELSEWHERE` with the reason why no change is tried here.
"""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

from architecture import SOURCE

READERS = {"read_document", "load_document", "try_document", "read_object", "read_surely", "load_json", "parse_json",
           "read_array", "map_array", "load_file", "safe_open", "model_validate_json"}  # fmt: skip
"""Those of clf, and those of libraries whose names say enough."""
OF_LIBRARIES = {"np.load", "np.fromfile", "json.load", "json.loads", "tomllib.load", "tomllib.loads", "torch.load", "pickle.load",
                "pickle.loads", "yaml.safe_load"}  # fmt: skip
METHODS = {"ParquetFile", "read_table", "memory_map", "from_pretrained", "InferenceSession", "open_stream"}

MODEL, TOKENS, PARTS = "model/config.json", "stopped.run/tokens/*.npy", ".half.csv.parts/key.json"
CHECKPOINT = "stopped.run/checkpoints/checkpoint-4/clf-checkpoint.json"
BEST = "older.run/checkpoints/checkpoint-2/best.safetensors"
BY_COMMANDS = {
    "data.prepared._pieces": "prepared/manifest.json",
    "measuring.baselines._read": "comparisons/.baselines/*.json",
    "models.from_files._config": MODEL,
    "models.from_files._from_pretrained": MODEL,
    "models.from_files._tokenizer": "model/tokenizer.json",
    "models.onnx.OnnxModel.__init__": "exported/config.json",
    "models.onnx._session": "exported/config.json",
    "models.token_cache._read_cached": TOKENS,
    "models.token_cache.cached_tokens": TOKENS,
    "predict._Work._finished": "done.csv.settings.json",
    "predict._labels": MODEL,
    "predict._trained_columns": "model/clf.json",
    "storage.prediction_parts.Parts._key_before": PARTS,
    "storage.prediction_parts.Parts.is_appearing": ".done.csv.parts/told.json",
    "storage.prediction_parts._is_foreign": PARTS,
    "training.checkpoints.Checkpoints._newest_readable": CHECKPOINT,
    "training.keeping.BestWeights.read": BEST,
    "training.keeping.check_weights": BEST,
}
ELSEWHERE = {
    "cli.help.answer": "clf's own package",
    "data.reading.columnar._parquet_batches": "what the user gives: damaged files in tests/data/reading/test_columnar.py",
    "data.reading.columnar._record_batches": "what the user gives: damaged files in tests/data/reading/test_columnar.py",
    "data.reading.json_pairs.are_pairs_on": "what the user gives: other objects in tests/data/reading/test_json_pairs.py",
    "data.reading.workbooks._line": "from the process that this one started, which ends with it",
    "hub.messages.Order.of_line": "from the process that started this one, which ends with it",
    "storage.prediction_formats._is_exact": "windows: each is read only if the hash in its name is that of its content",
    "storage.prediction_formats.join_parquet": "windows: each is read only if the hash in its name is that of its content",
}


def functions_that_read(source: Path = SOURCE) -> set[str]:
    """Return the functions in which a reader is named, whether it is called there or handed on."""
    found = set()
    for path in sorted(source.rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        found |= {f"{module}.{function}" for function in _reading(ast.parse(path.read_text(encoding="utf-8")), "")}
    return found


def _reading(tree: ast.AST, inside: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _reading(node, f"{inside}.{node.name}" if inside else node.name)
            continue
        if (isinstance(node, ast.Attribute) and (node.attr in METHODS | READERS or _dotted(node) in OF_LIBRARIES)) or (
            isinstance(node, ast.Name) and node.id in READERS
        ):
            yield inside
        yield from _reading(node, inside)


def _dotted(node: ast.Attribute) -> str:
    return f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""


@contextmanager
def noting(ran: set[str]) -> Iterator[None]:
    """Note the functions of clf that run in this thread."""

    codes = set[CodeType]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
        ran |= {_name(code) for code in codes if code.co_filename.startswith(str(SOURCE))}


def _name(code: CodeType) -> str:
    module = ".".join(Path(code.co_filename).relative_to(SOURCE).with_suffix("").parts)
    return f"{module}.{code.co_qualname.replace('<locals>.', '')}"
