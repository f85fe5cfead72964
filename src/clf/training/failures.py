"""Errors raised by libraries during training, as messages for users: memory, disk, lost process, --deterministic."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clf.errors import ClfError, OutputError, TrainingError, first_line, ran_out_of_memory
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.tokens import LEAST_LENGTH
from clf.progress import size
from clf.storage.disk import disk_is_full, why_it_fails
from clf.storage.leftovers import delete_folder
from clf.storage.result_folders import shown
from clf.storage.run_folder import Run
from clf.training.checkpoints import STAGING
from clf.training.plan import Plan

if TYPE_CHECKING:
    from clf.training.reporter import Reporter

BYTES_OF_A_WEIGHT = 16  # the weight, its gradient, and the two averages of AdamW, in fp32


@contextmanager
def explaining(reporter: "Reporter", classifier: Classifier, compute: Compute, plan: Plan, run: Run) -> Iterator[None]:
    """Convert library errors in the block to TrainingError or OutputError, where the cause is known."""
    try:
        yield
    except ClfError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            raise _out_of_memory(error, reporter.step + 1, classifier, compute, plan, run) from error
        if "deterministic implementation" in str(error):
            raise TrainingError(f"--deterministic: {first_line(error)}", "train without --deterministic") from error
        if plan.world.size > 1 and _is_lost_connection(error):
            hint = "see the output of that process; with torchrun --max-restarts the run resumes by itself"
            raise TrainingError("another process of this run was lost", hint) from error
        if disk_is_full(error):
            if plan.world.is_main:
                delete_folder(run.checkpoints / STAGING)  # half a checkpoint would keep the disk full
            resume = " and pass --resume" if run.saved_steps() else ""
            hint = f"free some space{resume}, or choose another --output-dir"
            raise OutputError(
                f"cannot write the checkpoints in {run.checkpoints}: {why_it_fails(error)}", hint
            ) from error
        if reporter.step == reporter.begun > 0:  # whatever its files hold, they have the hashes that its list states
            checkpoint = shown(run.checkpoints / f"checkpoint-{reporter.begun}")
            raise TrainingError(
                f"{checkpoint} cannot be resumed from: {first_line(error)}",
                "start over without --resume",
            ) from error
        raise


def _out_of_memory(
    error: Exception, step: int, classifier: Classifier, compute: Compute, plan: Plan, run: Run
) -> TrainingError:
    """Return the error for running out of memory, with settings that need less."""
    max_length, kept = classifier.max_length, size(BYTES_OF_A_WEIGHT * classifier.parameters)
    part, parts = plan.arguments.per_device_train_batch_size, plan.arguments.gradient_accumulation_steps
    texts = f"{part} texts" if part > 1 else "one text"
    where = "this machine" if isinstance(error, MemoryError) else compute.device
    message = f"{where} ran out of memory at step {step}, on {texts} of up to {max_length} tokens"
    shorter = (
        f"--max-length {max_length // 2}" if max_length >= 2 * LEAST_LENGTH else "--device cpu (if not used already)"
    )
    remedy = f"{shorter}, or choose a smaller encoder"
    if part > 1:
        more = next(count for count in range(parts + 1, part * parts + 1) if part * parts % count == 0)
        resume = "; with --resume the run continues from its last checkpoint" if run.saved_steps() else ""
        remedy = f"--gradient-accumulation {more} (the same batch in smaller parts{resume}), {remedy}"
    return TrainingError(
        f"{message}: {first_line(error)}", f"pass {remedy}; the model itself takes {kept} of memory during training"
    )


def _is_lost_connection(error: Exception) -> bool:
    """Return whether an error is from gloo or NCCL, for a lost connection or a timeout."""
    said = str(error).lower()
    of_theirs = any(name in said for name in ("gloo", "nccl", "processgroup", "process group"))
    return isinstance(error, RuntimeError) and of_theirs and any(w in said for w in ("connect", "timed out", "timeout"))
