"""Fast dropout is dropout: the share, the scale, the gradient, nothing in evaluation; its masks follow from the seed."""

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
