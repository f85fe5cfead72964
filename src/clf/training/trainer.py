"""Fine-tuning on the Hugging Face Trainer, measured with clf's own inference and metrics.

clf adds an order of the texts that depends only on seed and epoch, a loss averaged over texts that is independent of
the number of processes, atomic checkpoints, and interrupting and resuming without any effect on the final weights.
"""

# ruff: noqa: TID253 - this module computes
import logging
import time
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer
from transformers.utils import logging as transformers_logging

from clf import processes
from clf.errors import (
    INTERRUPTED,
    Interrupted,
    ModelError,
    Terminated,
    TooLittleMemory,
    TrainingError,
    first_line,
)
from clf.models.classifier import Classifier, quiet_transformers
from clf.models.compute import Compute
from clf.models.inference import predict_tokens, telling_memory
from clf.processes import World
from clf.progress import track
from clf.scoring.metrics import score
from clf.scoring.multi_label import answers_with
from clf.storage.result_folders import shown
from clf.storage.run_folder import Run
from clf.training.batching import Collator, Encoded, LengthGroupedOrder, TokenDataset
from clf.training.checkpoint_files import STATE, RunPosition
from clf.training.checkpoints import Checkpoint, Checkpoints
from clf.training.failures import explaining
from clf.training.head import MOST_TEXTS, fit_head
from clf.training.interrupts import StopRequest, stop_on_signals
from clf.training.keeping import BestWeights, Pace, check_weights
from clf.training.plan import Plan
from clf.training.reporter import Reporter, not_finite
from clf.training.resume import Continuation, Finished, Milestones, had_finished, is_evaluated
from clf.training.selection import LOWER, SELECTION, check_best, selection
from clf.training.trained import Trained, trained

WEIGHTS = "model.safetensors"


def fine_tune(
    classifier: Classifier,
    train: Encoded,
    validation: Encoded,
    plan: Plan,
    compute: Compute,
    run: Run,
    checkpoints: Checkpoints,
    resume: bool = False,
) -> Trained:
    """Fine-tune in place, evaluating on schedule, and leave the weights of the best evaluation in the model.

    `resume` continues from the newest intact checkpoint and ends with the same weights as an uninterrupted run.

    Raises TrainingError when the loss or a gradient is no longer finite, UsageError when the checkpoint is of
    another run, OutputError when the disk is full, Interrupted when a signal has stopped the run.
    """
    world = plan.world
    found = _begin(checkpoints, run, world, resume)
    steps, begun = plan.schedule.steps, found.step if found else 0
    with quiet_transformers(), stop_on_signals() as stop, track("training", steps, "steps", begun) as advance:
        reporter = Reporter(run, steps, advance, train.tokens / max(1, len(train.labels)), plan, found)
        with telling_memory(classifier.name, compute):
            trainer = ClassifierTrainer(classifier, compute, train, validation, plan, checkpoints, stop, reporter)
        with explaining(reporter, classifier, compute, plan, run):
            if found is None and world.is_main and plan.schedule.head_init == "probe":
                _fit_head(classifier, train, compute, stop)
            seconds = _train(trainer, found)
            number = processes.any_process(world, stop.number)  # a signal that came during the last step
            if number or plan.keep_checkpoints:
                trainer.save_unless_saved()
        if number:
            stop.number = number
            raise Interrupted("stopped after the last step; its checkpoint is saved", stop.exit_code)
    for name in ("forward", "_original_forward"):  # accelerate's, with autocast; later inference chooses its own
        classifier.model.__dict__.pop(name, None)
    check_best(trainer.state.best_metric)
    if world.is_main:
        _load_best(classifier, trainer)
    return trained(trainer, found, seconds)


def _begin(checkpoints: Checkpoints, run: Run, world: World, resume: bool) -> Checkpoint | None:
    """Prepare the run folder, and return the checkpoint to resume from, the same in all processes."""
    if world.is_main:
        checkpoints.begin()  # first, because it restores a checkpoint that was being replaced
    processes.wait_for_all(world)
    found: Checkpoint | None = checkpoints.newest() if resume and world.is_main else None
    found = processes.from_main(world, found)  # one choice for all processes, whatever each host sees on its disk
    if world.is_main:
        if found:
            checkpoints.drop_after(found.step)
        run.keep_history(found.step if found else 0, found is None or found.progress.evaluated)
    processes.wait_for_all(world)
    return found


def _fit_head(classifier: Classifier, train: Encoded, compute: Compute, stop: StopRequest) -> None:
    """Fit the head before the first step; a signal stops this immediately, as there is nothing to save yet."""
    with track("fitting the head", min(len(train.labels), MOST_TEXTS)) as advance:

        def advance_or_stop(count: int) -> None:
            advance(count)
            if stop.number:
                raise KeyboardInterrupt if stop.exit_code == INTERRUPTED else Terminated

        fit_head(classifier, train.token_ids, train.labels, compute, advance_or_stop)


class ClassifierTrainer(Trainer):  # type: ignore[misc]
    """The Trainer, with clf's order, loss, evaluation and checkpoints."""

    def __init__(
        self,
        classifier: Classifier,
        compute: Compute,
        train: Encoded,
        validation: Encoded,
        plan: Plan,
        checkpoints: Checkpoints,
        stop: StopRequest,
        reporter: Reporter,
    ) -> None:
        super().__init__(
            model=classifier.model,
            args=plan.arguments,
            processing_class=classifier.tokenizer,
            train_dataset=TokenDataset(train.token_ids, train.labels),
            eval_dataset=[None],
            data_collator=Collator(classifier.tokenizer.pad_token_id, classifier.max_length),
            compute_loss_func=plan.loss,
            callbacks=[
                reporter,
                EarlyStoppingCallback(plan.patience),
                Milestones(self, plan.schedule.eval_steps, plan.save_steps),
            ],
        )
        reporter.order = self.order = LengthGroupedOrder(
            self.train_dataset.lengths, plan.batch_size, self.args.seed, plan.world.size, train.rows
        )
        self.remove_callback(PrinterCallback)
        self.control: Any
        self.classifier, self.compute, self.validation, self.plan = classifier, compute, validation, plan
        self.checkpoints, self.stop = checkpoints, stop
        self.began_on: str | None = compute.device.type
        self.seconds_aside, self.seconds_before, self.started = 0.0, 0.0, time.perf_counter()
        self.pace, self.best, self.saved_at = Pace(classifier.parameters), BestWeights(), -1
        self.ended_with_best = False

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedOrder:
        return self.order

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        """Run one forward and backward pass; on a CPU, raise TrainingError when the loss is not finite.

        On a GPU, where reading the loss would stall it, `Reporter` checks the next line of history instead.
        """
        loss: torch.Tensor = super().training_step(*arguments, **options)
        if self.compute.device.type == "cpu" and not torch.isfinite(loss):
            raise not_finite("the loss", float(loss), self.state.global_step + 1, self.order)
        return loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Evaluate the model on the validation split, each process on its share."""
        started = time.perf_counter()
        try:
            probabilities = self._validate()
        except TooLittleMemory as error:
            if self.plan.world.size == 1:  # the evaluation is repeated when the run resumes
                self._save_checkpoint(self.model, None)
            error.message = f"validating at step {self.state.global_step}, {error.message}"
            error.hint = "free memory and pass --resume to continue, or start over with a smaller --max-length"
            raise
        except ModelError as error:
            raise TrainingError(f"at step {self.state.global_step} {error.message}", LOWER) from error
        scored = score(answers_with(probabilities, self.validation.labels, self.classifier.thresholds))
        by, step = self.plan.schedule.select_by, self.state.global_step
        scored[SELECTION] = selection(scored, len(self.validation.labels), by, step)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in scored.items() if value is not None}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        self.seconds_aside += time.perf_counter() - started
        return metrics

    def _validate(self) -> NDArray[np.float32]:
        world, padding = self.plan.world, self.classifier.tokenizer.pad_token_id
        rows = np.arange(world.rank, len(self.validation.labels), world.size)
        mine = [self.validation.token_ids[row] for row in rows.tolist()]
        with track("validating", len(mine)) as advance:

            def advance_or_stop(count: int) -> None:
                advance(count)
                if world.size == 1 and self.stop.number:  # the evaluation is repeated when the run resumes
                    self._save_checkpoint(self.model, None)
                    self._end()

            probabilities = predict_tokens(
                self.model, mine, padding, self.compute, advance_or_stop, self.classifier.max_length
            )
        if world.size == 1:
            return probabilities
        together = np.zeros((len(self.validation.labels), probabilities.shape[1]), dtype=np.float32)
        together[rows] = probabilities
        answers: NDArray[np.float32] = processes.add_up(world, together)
        return answers

    def _maybe_log_save_evaluate(self, *arguments: Any, **options: Any) -> None:
        number = self._agree_to_save()
        self._check_gradient(arguments[1])
        super()._maybe_log_save_evaluate(*arguments, **options)
        self._keep_best()
        if number:
            self._end()

    def _keep_best(self) -> None:
        """Copy the weights if they are the best so far, unless a checkpoint holds them or no steps are left."""
        started, step = time.perf_counter(), self.state.global_step
        if step != self.state.best_global_step or step in (self.saved_at, self.best.step):
            return
        self.ended_with_best = self.control.should_training_stop or step >= self.state.max_steps
        if self.plan.world.is_main and not self.ended_with_best:
            self.best.keep(self.model, step)
            self.seconds_aside += time.perf_counter() - started

    def _agree_to_save(self) -> int:
        """Save on all processes when a checkpoint is due or one received a signal; return the signal's number, or 0."""
        due = self.plan.world.is_main and self.pace.is_due(self.control.should_evaluate)
        agreed = processes.any_process(self.plan.world, 2 * self.stop.number + due)
        self.control.should_save |= agreed > 0 and self.saved_at != self.state.global_step
        number = agreed // 2
        if number:  # all processes stop after the same step
            self.stop.number = number
        return number

    def save_unless_saved(self) -> None:
        """Save a checkpoint of the last step, unless there is one."""
        if self.saved_at != self.state.global_step:
            self._save_checkpoint(self.model, None)

    def _check_gradient(self, norm: torch.Tensor | float | None) -> None:
        """Raise TrainingError when the gradient (with fp16, whose scaler skips such steps, the loss) is not finite."""
        if norm is None or not (self.compute.device.type == "cpu" or self.control.should_save):
            return
        looked_at = self._tr_loss if self.args.fp16 else torch.as_tensor(norm)
        if not torch.isfinite(looked_at).all():
            raise not_finite("the gradient", float(looked_at), self.state.global_step, self.order)

    def _end(self) -> NoReturn:
        raise Interrupted(f"stopped at step {self.state.global_step}; its checkpoint is saved", self.stop.exit_code)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write a checkpoint to the staging folder, and commit it once it is complete."""
        started = time.perf_counter()
        name, kept, world = f"checkpoint-{self.state.global_step}", self.args.output_dir, self.plan.world
        self.args.output_dir = str(self.checkpoints.stage)
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self.args.output_dir = kept
        self.state.best_model_checkpoint = None  # it is a path in the staging folder
        processes.wait_for_all(world, processes.STEP)
        step, best_step = self.state.global_step, self.state.best_global_step
        if world.is_main:
            if best_step == self.best.step != step:
                self.best.write(self.checkpoints.stage / name)
            progress = RunPosition(
                is_evaluated(self.state, self.plan.schedule.eval_steps),
                float(self._tr_loss),
                self._globalstep_last_logged,
                self.seconds_before + time.perf_counter() - self.started - self.seconds_aside,
            )
            self.checkpoints.commit(name, step, best_step, progress)
            if best_step == step:
                self.best.forget()
        processes.wait_for_all(world, processes.STEP)
        self.saved_at = step
        self.pace.saved(time.perf_counter() - started)
        self.seconds_aside += time.perf_counter() - started

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Restore the random states; if the checkpoint is from another type of device, this one starts from the seed.

        A warning was logged when the fingerprints were compared, so the library's own warning is silenced.
        """
        verbosity = transformers_logging.get_verbosity()
        if self.began_on != self.compute.device.type:
            transformers_logging.set_verbosity(logging.CRITICAL)
        try:
            super()._load_rng_state(checkpoint)
        finally:
            transformers_logging.set_verbosity(verbosity)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save without `training_args.bin`, a pickle that nobody reads and that may contain a token."""
        self.model.save_pretrained(output_dir, state_dict=state_dict, safe_serialization=True)


def _train(trainer: ClassifierTrainer, found: Checkpoint | None) -> float:
    """Run the Trainer, from the checkpoint if there is one; return the seconds spent in its loop."""
    started = time.perf_counter()
    try:
        if found:
            trainer.saved_at = found.step
            for file in found.folder.glob("*.safetensors"):
                check_weights(file, trainer.model)
        if found and trainer.plan.world.is_main:
            trainer.best.read(found.folder, found.best_step)
        if found and had_finished(found):
            trainer.state = trainer.state.load_from_json(str(found.folder / STATE))
            return 1e-9
        if found:
            trainer.seconds_before = found.progress.seconds
            trainer.began_on = found.fingerprint.device
            trainer.add_callback(Continuation(trainer, found))
        trainer.train(resume_from_checkpoint=str(found.folder) if found else None)
    except Finished:
        pass
    return max(1e-9, time.perf_counter() - started - trainer.seconds_aside)


def _load_best(classifier: Classifier, trainer: ClassifierTrainer) -> None:
    """Load the best weights into the model, from memory or from the checkpoint of their step."""
    step = trainer.state.best_global_step
    if trainer.ended_with_best:  # the model already has them
        return
    if trainer.best.step == step:
        trainer.best.put_into(classifier.model)
        return
    from safetensors.torch import load_model

    folder = trainer.checkpoints.folder / f"checkpoint-{step}"
    try:
        load_model(classifier.model, folder / WEIGHTS)
    except Exception as error:  # of the library, or of torch for weights of another shape
        hint = "start over without --resume"
        raise TrainingError(f"{shown(folder)} does not hold the best weights: {first_line(error)}", hint) from error
