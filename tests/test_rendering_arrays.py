"""Arrays: shape, dtype and range, then all values or those at the corners."""

import sys
import time
import types
from typing import Any

import numpy as np
import pytest

from fastmode_magic.prompt.rendering import Rendered, render
from fastmode_magic.prompt.tokens import estimate_tokens


def sent(value: object, allowance: int = 4_000) -> tuple[str, Rendered]:
    rendered = render(value, "a", allowance)
    text = rendered.pieces[0].text
    assert estimate_tokens(text) <= allowance
    return text, rendered


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            np.arange(4.0).reshape(2, 2),
            "of shape (2, 2), float64, min 0.0, mean 1.5, max 3.0\n\n[[0.0, 1.0],\n [2.0, 3.0]]",
        ),
        (
            np.array([0.5, np.nan], dtype="f4"),
            "of shape (2,), float32, min 0.5, mean 0.5, max 0.5, 1 × NaN\n\n[0.5, nan]",
        ),
        (np.array([np.nan]), "of shape (1,), float64, 1 × NaN\n\n[nan]"),
        (np.array([True, False]), "of shape (2,), bool, 1 × True\n\n[True, False]"),
        (np.array([]), "of shape (0,), float64, no values"),
        (np.array([1j]), "of shape (1,), complex128\n\n[0.+1.j]"),
        (np.array(["a", "b"]), "of shape (2,), <U1\n\n['a', 'b']"),
        (
            np.array(["2026-01-01", "NaT"], dtype="M8[D]"),
            "of shape (2,), datetime64[D], min 2026-01-01, max 2026-01-01, 1 × NaT\n\n['2026-01-01',        'NaT']",
        ),
        (
            np.array([(1, "a")], dtype=[("x", "i4"), ("y", "U1")]),
            "of shape (1,), [('x', '<i4'), ('y', '<U1')]\n\n[(1, 'a')]",
        ),
        (np.array([None, {"a": 1}], dtype=object), "of shape (2,), object\n\n[None, {'a': 1}]"),
        (
            np.array([2**64 - 1]),
            f"of shape (1,), uint64, min {2**64 - 1}, mean {2.0**64}, max {2**64 - 1}\n\n[{2**64 - 1}]",
        ),
    ],
)
def test_small_arrays_are_sent_whole(value: Any, text: str) -> None:
    found, rendered = sent(value)
    assert found == f"`a`: numpy ndarray {text}"
    assert rendered.cut is None


def test_one_value_is_a_scalar() -> None:
    rendered = render(np.array(3.5), "a")
    assert rendered.pieces[0].text == "3.5"
    assert rendered.inline


def test_masked_values() -> None:
    text, _ = sent(np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False]))
    assert text == "`a`: numpy MaskedArray of shape (3,), float64, min 1.0, mean 2.0, max 3.0, 1 masked\n\n[1.0 -- 3.0]"
    assert "3 masked" in sent(np.ma.masked_all(3))[0]
    assert "()" in sent(np.ma.masked_array(3, mask=True))[0]


def test_a_large_array_is_summarised() -> None:
    value = np.random.default_rng(0).random((500, 500))
    text, rendered = sent(value)
    facts = f"float64, min {value.min()}, mean {value.mean()}, max {value.max()} (floats are rounded to 6 digits)"
    assert text.startswith(f"`a`: numpy ndarray of shape (500, 500), {facts}\n\n[[")
    assert ", ..., " in text
    assert f"{value[0, 0]:.6g}" in text
    assert f"{value[-1, -1]:.6g}" in text
    assert rendered.kind == "numpy ndarray, 500 × 500"
    assert rendered.cut == (
        "Values in the middle were left out and floats are rounded to 6 digits, to keep `a` within 4,000 tokens."
    )


def test_one_that_fits_with_rounded_floats() -> None:
    text, rendered = sent(np.random.default_rng(0).random(1_000))
    assert "..." not in text
    assert rendered.cut == "Floats are rounded to 6 digits, to keep `a` within 4,000 tokens."


@pytest.mark.parametrize(
    "shape", [(10**5,), (300, 300), (20, 20, 20, 20), (2,) * 16, (1,) * 30, (3, 10**5), (10**5, 3)]
)
@pytest.mark.parametrize("allowance", [50, 200, 4_000])
def test_any_shape_within_any_allowance(shape: tuple[int, ...], allowance: int) -> None:
    sent(np.zeros(shape), allowance)
    sent(np.full(shape, "text", dtype=object), allowance)


def test_huge_arrays_are_sampled() -> None:
    value = np.zeros((200_000, 200), dtype="i1")
    value[:, 7] = 1  # a sample of one column only would see either nothing or nothing else
    began = time.process_time()
    text, _ = sent(value)
    assert time.process_time() - began < 2
    assert "min ~0, mean ~0.00" in text
    assert "max ~1" in text
    assert "min ~0" in sent(np.zeros((100, 500_000), dtype="i1")[:, ::2])[0]


def test_a_unit_is_told() -> None:
    class Quantity(np.ndarray):
        unit = "m / s"

    assert "Quantity (a numpy ndarray) of shape (2,), float64, unit m / s, min" in sent(np.zeros(2).view(Quantity))[0]


def test_a_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The little of torch that we use: the library is too large for these tests."""

    class Tensor:
        shape, dtype, device = (2,), "torch.bfloat16", "cuda:0"
        detach = cpu = lambda self: self

        def float(self) -> "Tensor":
            return self

        def __array__(self, *_: object, **__: object) -> Any:
            return np.array([1.0, 2.0], dtype="f4")

    Tensor.__module__ = "torch"
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    assert sent(Tensor())[0] == (
        "`a`: torch Tensor of shape (2,), torch.bfloat16 on cuda:0, min 1.0, mean 1.5, max 2.0\n\n[1.0, 2.0]"
    )
