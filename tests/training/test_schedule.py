"""What `auto` chooses: the mission's recipe on many texts, steps enough on few, and nothing that was set."""

import pytest

from clf.models.families import suggested_rate
from clf.settings import TrainSettings
from clf.training.schedule import Schedule, Sizes, choose_schedule, explain, warmup_within, warnings

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


def test_a_narrow_encoder_gets_a_larger_rate_under_any_name() -> None:
    assert suggested_rate("sentence-transformers/all-MiniLM-L6-v2") == 1e-4
    assert suggested_rate("google/electra-small-discriminator") == 3e-4
    assert suggested_rate("google/bert_uncased_L-2_H-128_A-2") == 1e-4
    assert suggested_rate("distilbert-base-uncased", 768) is None
    assert suggested_rate("./my/folder", 384) == 1e-4


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
