"""Whether bfloat16 pays is measured."""

import pytest

from spacy_xlre.ml import precision

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def forget():
    precision.is_fast_at_bfloat16.cache_clear()
    yield
    precision.is_fast_at_bfloat16.cache_clear()


@pytest.mark.parametrize(("bfloat16_seconds", "fast"), [(0.5, True), (0.9, False), (1.0, False), (3.0, False)])
def test_bfloat16_is_fast_where_a_product_takes_clearly_less_time(monkeypatch, bfloat16_seconds, fast):
    seconds = {torch.float32: 1.0, torch.bfloat16: bfloat16_seconds}
    monkeypatch.setattr(precision, "product_seconds", seconds.__getitem__)
    assert precision.is_fast_at_bfloat16("cpu") is fast


def test_it_is_measured_once(monkeypatch):
    asked = []
    monkeypatch.setattr(precision, "product_seconds", lambda dtype: asked.append(dtype) or 1.0)
    assert [precision.is_fast_at_bfloat16("cpu") for _ in range(3)] == [False] * 3
    assert asked == [torch.float32, torch.bfloat16]


def test_an_unknown_device_computes_in_float32():
    assert precision.is_fast_at_bfloat16("meta") is False


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_takes_time(dtype):
    assert 0.0 < precision.product_seconds(dtype) < 10.0
