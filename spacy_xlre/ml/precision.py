"""Whether a processor computes faster in bfloat16 than in float32."""

import time
from functools import cache
from typing import Any, Literal, Union

# "auto": where it is faster.
MixedPrecision = Union[bool, Literal["auto"]]
# Rows and width, that of BERT's base size. Fewer would measure the call, not the product.
_ROWS, _WIDTH = 128, 768
_TIMES = 5
# Gains below this are not worth what the fewer digits change.
_WORTH = 1.25


@cache
def is_fast_at_bfloat16(device: str) -> bool:
    """Tell whether products in bfloat16 are clearly faster than in float32; measured once a process and kind of device.

    What a processor says of itself does not tell: of two that know bfloat16, both without tiles, one was twice as fast
    with it and one took three times as long.

    device (str): A device type of torch. Any but "cpu" and "cuda" are taken to be slow.
    RETURNS (bool): Whether they are.
    """
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device == "cpu" and product_seconds(torch.float32) > _WORTH * product_seconds(torch.bfloat16)


def product_seconds(dtype: Any) -> float:
    """Return the least time, of several tries, that a product as in an encoder's layer takes on the processor.

    dtype (dtype): Of both factors.
    """
    import torch

    states, weights = torch.ones((_ROWS, _WIDTH), dtype=dtype), torch.ones((_WIDTH, _WIDTH), dtype=dtype)
    taken = []
    with torch.inference_mode():
        for _ in range(_TIMES):
            start = time.perf_counter()
            torch.nn.functional.linear(states, weights)
            taken.append(time.perf_counter() - start)
    return min(taken)
