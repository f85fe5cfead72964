"""What `auto` chooses: the standard recipe with many texts, enough steps with few, and nothing that was set."""

import logging

import pytest

from clf.settings import TrainSettings
from clf.training.schedule import (
    CAPPED,
    Schedule,
    Sizes,
    choose_schedule,
    enough_steps,
    explain,
    tell_schedule,
    warmup_within,
    warnings,
)

DISTILBERT, MINILM = ("distilbert-base-uncased", 768), ("sentence-transformers/all-MiniLM-L6-v2", 384)


def schedule(
    texts: int, validation: int, classes: int = 2, encoder: tuple[str, int] = MINILM, **train: object
) -> Schedule:
    return choose_schedule(TrainSettings(**train), Sizes(*encoder, texts, validation, classes))


@pytest.mark.parametrize("texts", [5_000, 22_500, 3_600_000])
@pytest.mark.parametrize("encoder", [DISTILBERT, ("bert-base-uncased", 768), ("./some/folder", 768)])
def test_on_many_texts_it_is_the_recipe_of_the_mission(texts: int, encoder: tuple[str, int]) -> None:
    chosen = schedule(texts, texts // 9, encoder=encoder)
    epoch = -(-texts // 16)
    assert (chosen.learning_rate, chosen.epochs, chosen.steps) == (2e-5, 3, 3 * epoch)
    assert chosen.warmup_steps == min(500, 3 * epoch // 10)
    assert (chosen.eval_steps, chosen.select_by, chosen.head_init) == (epoch, "macro_f1", "random")


@pytest.mark.parametrize("texts", [2, 14, 43, 100, 450, 900, 4_999])
@pytest.mark.parametrize("classes", [2, 6, 20])
@pytest.mark.parametrize("encoder", [DISTILBERT, MINILM])
def test_few_texts_get_steps_enough(texts: int, classes: int, encoder: tuple[str, int]) -> None:
    chosen = schedule(texts, texts // 9, classes, encoder)
    assert chosen.steps >= 100
    assert chosen.epochs >= 3
    assert chosen.warmup_steps == chosen.steps // 10 or chosen.warmup_steps == 500
    assert chosen.eval_steps % chosen.steps_per_epoch == 0
    assert chosen.steps / chosen.eval_steps <= 9


def test_more_classes_get_more_steps_and_a_small_rate_too() -> None:
    assert schedule(300, 30, 20).steps > schedule(300, 30, 2).steps
    assert schedule(300, 30, 2, DISTILBERT).steps > schedule(300, 30, 2).steps


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("learning_rate", 3e-4, 3e-4), ("epochs", 1, 1), ("warmup_steps", 0, 0), ("warmup_steps", 77, 77),
        ("eval_steps", 7, 7), ("select_by", "macro_f1", "macro_f1"), ("head_init", "random", "random"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("texts", [20, 10_000])
def test_what_is_set_stays(name: str, value: object, kept: object, texts: int) -> None:
    assert getattr(schedule(texts, 10, **{name: value}), name) == kept


def test_an_epoch_between_evaluations_can_be_asked_for() -> None:
    assert schedule(40, 4, eval_steps="epoch").eval_steps == 3


@pytest.mark.parametrize(
    ("validation", "classes", "chosen"),
    [(1, 2, "last"), (19, 2, "last"), (20, 2, "log_loss"), (30, 20, "last"), (99, 6, "log_loss"), (100, 6, "macro_f1")],
)
def test_few_validation_texts_choose_nothing_and_never_by_f1(validation: int, classes: int, chosen: str) -> None:
    assert schedule(400, validation, classes).select_by == chosen


@pytest.mark.parametrize(("validation", "chosen"), [(19, "last"), (99, "log_loss"), (100, "average_precision")])
def test_with_several_labels_per_text_the_best_average_precision_is_kept(validation: int, chosen: str) -> None:
    sizes = Sizes(*MINILM, 400, validation, 6, multi_label=True)
    assert choose_schedule(TrainSettings(), sizes).select_by == chosen
    assert choose_schedule(TrainSettings(select_by="macro_f1"), sizes).select_by == "macro_f1"


@pytest.mark.parametrize("texts", [16, 43, 350, 4_000])
def test_evaluating_costs_little_beside_training(texts: int) -> None:
    """Counted in texts, a validated one at a third of one that is trained on."""
    for validation in (2, texts // 9, texts, 20 * texts):
        chosen = schedule(texts, validation)
        evaluations = chosen.steps // chosen.eval_steps - 1  # the last is needed in any case
        assert evaluations * validation / 3 <= 0.1 * chosen.epochs * texts


def test_a_large_batch_gets_more_epochs_rather_than_too_few_steps() -> None:
    assert schedule(5_000, 500, batch_size=256).steps >= 100
    assert schedule(5_000, 500, batch_size=65_536).steps >= 100


def test_a_head_that_cannot_be_fitted_is_not_said_to_be() -> None:
    sizes = Sizes(*MINILM, 42, 6, 6, head_can_be_fitted=False)
    for train in (TrainSettings(), TrainSettings(head_init="probe")):
        assert choose_schedule(train, sizes).head_init == "random"
    assert "--head-init probe" in warnings(train, choose_schedule(train, sizes))[0]
    assert "head fitted" not in str(explain(TrainSettings(), choose_schedule(TrainSettings(), sizes), sizes))


def test_patience_that_ends_nothing_is_told() -> None:
    train = TrainSettings(early_stopping_patience=1)
    assert "--early-stopping-patience" in warnings(train, schedule(43, 5))[0]
    assert warnings(train, schedule(430, 50)) == []


def test_warm_up_is_a_tenth_at_most() -> None:
    assert warmup_within(500, 200) == 20
    assert warmup_within(500, 100_000) == 500


def test_one_line_says_what_was_chosen_and_why() -> None:
    sizes = Sizes(*MINILM, 42, 6, 6)
    said = explain(TrainSettings(), choose_schedule(TrainSettings(), sizes), sizes)
    assert said
    for part in (
        "rate 0.0001",
        "steps",
        "42 texts give 3 per epoch",
        "warm-up",
        "every",
        "last weights",
        "6 validation texts",
    ):
        assert part in said
    some = TrainSettings(epochs=50, select_by="last")
    said = explain(some, choose_schedule(some, sizes), sizes)
    assert said
    assert "50" not in said
    everything = TrainSettings(
        learning_rate=1e-4, epochs=50, warmup_steps=3, head_init="probe", eval_steps=9, select_by="last"
    )
    assert explain(everything, choose_schedule(everything, sizes), sizes) is None


def test_a_cadence_that_is_no_whole_epoch_is_told_in_steps() -> None:
    sizes = Sizes(*MINILM, 42, 6, 6)
    begun = {"--eval-steps": 2}
    again = choose_schedule(TrainSettings(), sizes).as_begun(TrainSettings(), begun)
    assert "evaluated every 2 steps" in str(explain(TrainSettings(), again, sizes))


def test_too_few_steps_are_warned_of_with_the_flag_to_drop() -> None:
    def said(**train: object) -> list[str]:
        return warnings(TrainSettings(**train), schedule(43, 5, **train))

    assert said() == []
    [few] = said(epochs=3)
    assert "--epochs 3 gives 9 optimizer steps" in few
    assert "drop --epochs" in few
    assert said(epochs=40) == []
    assert said(epochs=1, test_run=True) == []
    [long] = said(epochs=40, warmup_steps=70)
    assert "drop --warmup-steps" in long


# --- boundaries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "rate", "steps"),
    [(1, 1e-4, 100), (2, 1e-4, 100), (3, 1e-4, 105), (42, 1e-4, 300), (43, 1e-4, 300), (2, 2e-5, 200), (2, 4e-5, 200),
     (2, 4.1e-5, 100), (99, 2e-5, 600)],
)  # fmt: skip
def test_steps_enough_grow_with_the_classes_and_double_at_small_rates(classes: int, rate: float, steps: int) -> None:
    assert enough_steps(classes, rate) == steps


@pytest.mark.parametrize(("texts", "head"), [(640, "probe"), (4_999, "probe"), (5_000, "random")])
def test_with_several_labels_a_head_is_fitted_unless_there_are_many_texts(texts: int, head: str) -> None:
    sizes = Sizes(*MINILM, texts, 100, 8, multi_label=True)
    assert choose_schedule(TrainSettings(), sizes).head_init == head
    assert choose_schedule(TrainSettings(head_init="random"), sizes).head_init == "random"


@pytest.mark.parametrize(
    ("texts", "batch", "epochs"), [(4_999, 16, 3), (5_000, 16, 3), (2_399, 48, 4), (5_000, 148, 3), (5_000, 152, 7)]
)
def test_three_epochs_are_enough_where_they_have_the_steps(texts: int, batch: int, epochs: int) -> None:
    assert schedule(texts, 500, encoder=DISTILBERT, batch_size=batch).epochs == epochs


@pytest.mark.parametrize(
    ("texts", "classes", "head"),
    [(128, 2, "probe"), (129, 2, "random"), (192, 3, "probe"), (4_999, 100, "probe"), (5_000, 100, "random")],
)
def test_a_head_is_fitted_for_up_to_64_texts_of_each_class(texts: int, classes: int, head: str) -> None:
    assert schedule(texts, 50, classes).head_init == head
    assert schedule(texts, 50, classes, head_init="probe").head_init == "probe"


@pytest.mark.parametrize(
    ("texts", "validation", "epochs", "every"),
    [
        (16, 1, 8, 1),  # as often as there are epochs
        (16, 1, 9, 2),  # but not more than eight times
        (160, 28, 8, 10),  # a validation of 28 / 3 beside 160 texts is 5.8 %
        (160, 29, 8, 20),
        (160, 160, 8, 60),
        (160, 16_000, 8, 80),  # at the end alone
        (5_000, 50_000, 8, 313),  # many texts: each epoch
    ],
)
def test_evaluations_are_whole_epochs_apart_and_cost_six_percent_at_most(
    texts: int, validation: int, epochs: int, every: int
) -> None:
    assert schedule(texts, validation, epochs=epochs).eval_steps == every


@pytest.mark.parametrize(
    ("steps", "total", "used"), [(500, 5_000, 500), (500, 4_999, 499), (3, 29, 2), (5, 9, 0), (0, 90, 0)]
)
def test_warm_up_is_cut_to_a_tenth_rounded_down(steps: int, total: int, used: int) -> None:
    assert warmup_within(steps, total) == used


# --- resumed runs -------------------------------------------------------------------------------------------

BEGUN = {"--learning-rate": 0.5, "--epochs": 9, "--warmup-steps": 7, "--eval-steps": 5, "--select-by": "last",
         "--head-init": "probe", "--batch-size": 99}  # fmt: skip


def test_a_resumed_run_has_for_auto_what_was_chosen_at_its_start() -> None:
    again = schedule(400, 100).as_begun(TrainSettings(), BEGUN)
    assert again == Schedule(0.5, 9, 7, "probe", 5, "last", 25)
    assert schedule(400, 100).as_begun(TrainSettings(), {}) == schedule(400, 100)


def test_a_resumed_run_has_what_is_set_now_which_is_compared_later() -> None:
    train = TrainSettings(learning_rate=0.1, epochs=2)
    again = choose_schedule(train, Sizes(*MINILM, 400, 100, 2)).as_begun(train, BEGUN)
    assert (again.learning_rate, again.epochs, again.warmup_steps) == (0.1, 2, 7)


def test_a_resumed_run_of_version_0_1_has_a_warm_up_of_a_tenth_even_where_it_is_set() -> None:
    train = TrainSettings(warmup_steps=60)
    now = choose_schedule(train, Sizes(*MINILM, 400, 100, 2))
    assert now.as_begun(train, BEGUN).warmup_steps == 60
    assert now.as_begun(train, {**BEGUN, CAPPED: True}).warmup_steps == 9 * 25 // 10


# --- messages -----------------------------------------------------------------------------------------------


def test_the_line_on_auto_is_told_and_warnings_as_such(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    train, sizes = TrainSettings(epochs=1), Sizes(*DISTILBERT, 400, 100, 2)
    tell_schedule(train, choose_schedule(train, sizes), sizes)
    assert caplog.messages == [
        "auto: learning rate 2e-05, warm-up 2, evaluated every epoch, keeping the best by macro F1",
        "--epochs 1 gives 25 optimizer steps, too few to learn much: drop --epochs to let clf choose the number",
    ]
    assert [each.levelno for each in caplog.records] == [logging.INFO, logging.WARNING]


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (Sizes(*DISTILBERT, 22_500, 2_500, 2), "auto: learning rate 2e-05, 3 epochs (4221 steps), warm-up 422, "
         "evaluated every epoch, keeping the best by macro F1"),
        (Sizes(*MINILM, 64, 30, 2), "auto: learning rate 0.0001 (suits this encoder), 25 epochs (100 steps: 64 texts give "
         "4 per epoch), warm-up 10, head fitted on the frozen encoder, evaluated every 4 epochs, "
         "keeping the best by log loss on 30 validation texts"),
        (Sizes(*MINILM, 64, 1, 2), "auto: learning rate 0.0001 (suits this encoder), 25 epochs (100 steps: 64 texts give "
         "4 per epoch), warm-up 10, head fitted on the frozen encoder, evaluated every 4 epochs, "
         "keeping the last weights (1 validation text is too few to select by)"),
    ],
)  # fmt: skip
def test_what_was_chosen_is_one_sentence(sizes: Sizes, said: str) -> None:
    assert explain(TrainSettings(), choose_schedule(TrainSettings(), sizes), sizes) == said


@pytest.mark.parametrize(("epochs", "warmup", "count"), [(33, 0, 1), (34, 0, 0), (40, 60, 0), (40, 61, 1), (1, 2, 2)])
def test_warnings_begin_below_a_hundred_steps_and_above_half_of_them(epochs: int, warmup: int, count: int) -> None:
    train = {"epochs": epochs, "warmup_steps": warmup}
    assert len(warnings(TrainSettings(**train), schedule(43, 5, **train))) == count


def test_patience_is_only_told_where_it_was_set_and_the_last_were_not_asked_for() -> None:
    assert warnings(TrainSettings(), schedule(43, 5)) == []
    train = {"early_stopping_patience": 3, "select_by": "last"}
    assert warnings(TrainSettings(**train), schedule(43, 5, **train)) == []
