"""Fast dropout is dropout: the share, the scale, the gradient, nothing in evaluation; its masks follow from the seed."""

import pytest
import torch

from clf.models.cpu.dropout import FastDropout, draw_masks_fast


def test_the_share_and_the_mean_are_those_of_dropout() -> None:
    torch.manual_seed(1)
    values = torch.ones(1000, 1001)
    dropped = FastDropout(0.1)(values)
    assert abs(float((dropped == 0).float().mean()) - 0.1) < 0.001
    assert abs(float(dropped.mean()) - 1) < 0.002
    assert set(dropped.unique().tolist()) == {0.0, float(torch.tensor(65536 / (65536 - 6554)))}


def test_rows_and_columns_are_dropped_alike_and_apart() -> None:
    torch.manual_seed(2)
    zeros = (FastDropout(0.4)(torch.ones(400, 400)) == 0).float()
    assert float(zeros.mean(dim=0).std()) < 0.04
    assert float(zeros.mean(dim=1).std()) < 0.04
    assert abs(float((zeros[:-1] * zeros[1:]).mean()) - 0.16) < 0.01
    assert abs(float((zeros[:, :-1] * zeros[:, 1:]).mean()) - 0.16) < 0.01


def test_the_gradient_goes_where_the_values_went() -> None:
    values = torch.randn(50, 50, requires_grad=True)
    dropped = FastDropout(0.3)(values)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad == 0, dropped == 0)
    assert torch.allclose(values.grad * values.detach(), dropped)


def test_the_seed_says_which_and_each_call_is_another() -> None:
    layer, values = FastDropout(0.4), torch.ones(100, 100)
    torch.manual_seed(3)
    first, second = layer(values), layer(values)
    torch.manual_seed(3)
    assert torch.equal(layer(values), first)
    assert torch.equal(layer(values), second)
    assert not torch.equal(first, second)


def test_evaluation_changes_nothing_and_bf16_stays_bf16() -> None:
    values = torch.randn(10, 10, dtype=torch.bfloat16)
    assert torch.equal(FastDropout(0.4).eval()(values), values)
    assert FastDropout(0.4)(values).dtype == torch.bfloat16


def test_every_dropout_of_a_model_is_replaced_and_its_weights_keep_their_names() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 4), torch.nn.Dropout(0.1), torch.nn.Sequential(torch.nn.Dropout(0.0))
    )
    names = list(model.state_dict())
    draw_masks_fast(model.eval())
    assert isinstance(model[1], FastDropout)
    assert not model[1].training
    assert isinstance(model[2][0], torch.nn.Dropout)
    assert list(model.state_dict()) == names


@pytest.mark.parametrize(
    ("probability", "replaced"), [(0.0, False), (0.01, True), (0.48, True), (0.49, False), (0.5, False), (1.0, False)]
)
def test_dropout_of_up_to_almost_a_half_is_replaced(probability: float, replaced: bool) -> None:
    model = torch.nn.Sequential(torch.nn.Dropout(probability))
    draw_masks_fast(model)
    assert isinstance(model[0], FastDropout) is replaced
    assert model[0].p == probability
    assert model[0].training


@pytest.mark.parametrize("probability", [0.01, 0.25, 0.48])
def test_what_is_left_makes_up_for_what_is_dropped(probability: float) -> None:
    torch.manual_seed(4)
    dropped = FastDropout(probability)(torch.ones(400, 400))
    assert float((dropped == 0).float().mean()) == pytest.approx(probability, abs=0.006)
    assert float(dropped.max()) == pytest.approx(1 / (1 - probability), rel=1e-4)


def test_the_least_probability_drops_something() -> None:
    layer = FastDropout(1e-9)
    assert layer.scale == 65536 / 65535
    torch.manual_seed(5)
    assert 0 < int((layer(torch.ones(1 << 20)) == 0).sum()) < 100


@pytest.mark.parametrize("shape", [(), (1,), (3,), (0, 4), (5, 1, 7)])
def test_any_shape_is_kept_also_if_its_values_are_no_multiple_of_four(shape: tuple[int, ...]) -> None:
    values = torch.full(shape, 3.0, requires_grad=True)
    dropped = FastDropout(0.4)(values)
    assert dropped.shape == shape
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.allclose(values.grad * 3.0, dropped)


def test_values_that_do_not_lie_in_a_row_are_dropped_like_others() -> None:
    values = torch.randn(30, 20)
    torch.manual_seed(6)
    dropped = FastDropout(0.4)(values.T)
    assert torch.equal(dropped[dropped != 0], (values.T * FastDropout(0.4).scale)[dropped != 0])
    assert 0.3 < float((dropped == 0).float().mean()) < 0.5


def test_one_draw_of_the_common_generator_is_used_for_each_mask() -> None:
    torch.manual_seed(7)
    FastDropout(0.1)(torch.ones(1000))
    state = torch.get_rng_state()
    torch.manual_seed(7)
    torch.randint(0, 2**62, (1,))
    assert torch.equal(torch.get_rng_state(), state)
