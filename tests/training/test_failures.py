"""An error of a library is told as what it means, with what to do about it; any other passes as it is."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clf.errors import ClfError, DataError, OutputError, TrainingError
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.processes import ALONE, World
from clf.settings import CleaningSettings, TrainSettings
from clf.storage.run_folder import Run
from clf.training.arguments import training_arguments
from clf.training.failures import explaining
from clf.training.plan import Loss, Plan
from clf.training.reporter import Reporter
from clf.training.schedule import Schedule

CPU = Compute(torch.device("cpu"), "fp32")
SCHEDULE = Schedule(1e-3, 3, 0, "random", 4, "macro_f1", 4)
Explain = Callable[..., ClfError]


@pytest.fixture
def explained(tmp_path: Path) -> Explain:
    """Raise an error after step 6 of a run, and return the one that became of it."""

    def explain(
        error: BaseException, *, max_length: int = 64, batch: int = 8, parts: int = 1, world: World = ALONE,
        saved: bool = False,
    ) -> ClfError:  # fmt: skip
        run = Run(tmp_path / "m")
        if saved:
            (run.checkpoints / "checkpoint-4").mkdir(parents=True)
        train = TrainSettings(batch_size=batch, gradient_accumulation=parts)
        arguments = training_arguments(train, SCHEDULE, 1, CPU, run.checkpoints, world)
        plan = Plan(arguments, SCHEDULE, 3, Loss(), world=world)
        reporter = Reporter(run, 12, lambda *_, **__: None, 1.0, plan, None)
        reporter.step = 6
        model = torch.nn.Linear(1000, 249)  # 249,249 weights
        classifier = Classifier("tiny", model, None, ["a", "b"], max_length, CleaningSettings())
        with pytest.raises(type(error) if isinstance(error, ClfError) else Exception) as raised, explaining(
            reporter, classifier, CPU, plan, run
        ):  # fmt: skip
            raise error
        return raised.value  # type: ignore[return-value]

    return explain


# --- memory -------------------------------------------------------------------------------------------------


def test_out_of_memory_is_told_with_step_texts_and_all_that_helps(explained: Explain) -> None:
    error = explained(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory\nmore"))
    assert isinstance(error, TrainingError)
    assert error.message == (
        "cpu ran out of memory at step 7, on 8 texts of up to 64 tokens: "
        "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory"
    )
    assert error.hint == (
        "pass --gradient-accumulation 2 (the same batch in smaller parts), --max-length 32, or choose a smaller "
        "encoder; the model itself takes 4.0 MB of memory during training"
    )
    assert isinstance(error.__cause__, RuntimeError)


@pytest.mark.parametrize(
    ("batch", "parts", "more"), [(2, 1, 2), (9, 1, 3), (7, 1, 7), (12, 3, 4), (12, 4, 6), (10, 2, 5), (14, 7, 14)]
)
def test_the_next_number_of_parts_divides_the_batch(explained: Explain, batch: int, parts: int, more: int) -> None:
    error = explained(MemoryError(), batch=batch, parts=parts)
    assert error.hint.startswith(f"pass --gradient-accumulation {more} (the same batch in smaller parts), ")
    assert f"on {batch // parts} texts of" in error.message


def test_a_batch_of_single_texts_cannot_be_divided_further(explained: Explain) -> None:
    error = explained(MemoryError(), batch=8, parts=8)
    assert error.message == "this machine ran out of memory at step 7, on one text of up to 64 tokens: MemoryError"
    assert error.hint.startswith("pass --max-length 32, or choose a smaller encoder; the model itself")


@pytest.mark.parametrize(
    ("length", "advice"),
    [(33, "--max-length 16"), (32, "--max-length 16"), (31, "--device cpu (if not used already)")],
)
def test_no_max_length_is_advised_that_cuts_texts_to_nothing(explained: Explain, length: int, advice: str) -> None:
    assert f"parts), {advice}, or choose" in explained(MemoryError(), max_length=length).hint


def test_only_a_run_that_saved_a_checkpoint_is_told_to_resume_after_it_ran_out_of_memory(explained: Explain) -> None:
    said = "(the same batch in smaller parts; with --resume the run continues from its last checkpoint), --max-length"
    assert said not in explained(MemoryError()).hint
    assert said in explained(MemoryError(), saved=True).hint


# --- disk, kernels and processes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("saved", "resume"), [(False, ""), (True, " and pass --resume")])
def test_a_full_disk_is_told_with_the_folder(explained: Explain, tmp_path: Path, saved: bool, resume: str) -> None:
    error = explained(OSError(errno.ENOSPC, "No space left on device"), saved=saved)
    assert isinstance(error, OutputError)
    assert error.message.startswith(f"cannot write the checkpoints in {tmp_path / 'm.run' / 'checkpoints'}: [Errno 28]")
    assert error.hint == f"free some space{resume}, or choose another --output-dir"


@pytest.mark.parametrize(("rank", "left"), [(0, False), (1, True)])
def test_the_main_process_keeps_no_half_of_a_checkpoint_on_a_full_disk(
    explained: Explain, tmp_path: Path, rank: int, left: bool
) -> None:
    half = tmp_path / "m.run" / "checkpoints" / ".staging" / "checkpoint-6"
    half.mkdir(parents=True)
    explained(OSError(errno.ENOSPC, "No space left on device"), world=World(rank, 2, rank, 2))
    assert half.exists() is left


def test_an_operation_that_cannot_be_deterministic_is_told_with_the_flag(explained: Explain) -> None:
    error = explained(RuntimeError("put_ does not have a deterministic implementation, but you set\nmore"))
    assert isinstance(error, TrainingError)
    assert error.message.startswith("--deterministic: RuntimeError: put_ does not have a deterministic implementation")
    assert "more" not in error.message
    assert error.hint == "train without --deterministic"


LOST = [
    "[gloo/transport/tcp/pair.cc:538] Connection closed by peer [127.0.0.1]:1",
    "Gloo: read timed out",
    "NCCL error: remote process exited or there was a network error, Connection reset",
    "[PG 0] ProcessGroupNCCL watchdog timeout",
    "process group: timeout of 1800 s",
]


@pytest.mark.parametrize("said", LOST)
def test_a_process_that_was_lost_is_told_to_the_others(explained: Explain, said: str) -> None:
    error = explained(RuntimeError(said), world=World(0, 2, 0, 2))
    assert isinstance(error, TrainingError)
    assert error.message == "another process of this run was lost"
    assert error.hint == "see the output of that process; with torchrun --max-restarts the run resumes by itself"


@pytest.mark.parametrize(
    ("error", "size"),
    [
        (RuntimeError(LOST[0]), 1),  # of one process there is no other
        (ValueError(LOST[0]), 2),
        (RuntimeError("connection refused by the tracker"), 2),
        (RuntimeError("gloo: invalid argument"), 2),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), 2),
        (OSError(errno.ENOENT, "No such file"), 1),
        (ValueError("out of memory"), 1),
        (DataError("the file is out of memory: No space left"), 1),
    ],
)
def test_an_error_that_means_something_else_passes_as_it_is(explained: Explain, error: Exception, size: int) -> None:
    assert explained(error, world=World(0, size, 0, size)) is error
