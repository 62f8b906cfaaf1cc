"""Outputs of frozen layers, computed once a window and kept during training.

What does not learn gives the same output in every epoch, as long as its dropout is off. So the frozen embeddings and
layers run in evaluation mode, and a batch whose windows were all seen before starts at the first layer that learns.
"""

from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

ATTRIBUTE = "_xlre_frozen_outputs"


class FrozenOutputs:
    """Takes the place of the `forward` of a transformer's embeddings and frozen layers while it trains.

    transformer (PreTrainedModel): A Hugging Face encoder whose embeddings are at `embeddings`.
    layers (Sequence[Module]): Its frozen layers, the lowest ones, at least one.
    max_mb (int): Megabytes to keep; what does not fit is computed again.
    """

    def __init__(self, transformer: Any, layers: Sequence[Any], max_mb: int) -> None:
        self.kept: Dict[bytes, Any] = {}
        self.room = max_mb * 1_000_000
        self.keys: Optional[List[bytes]] = None
        self.lengths: List[int] = []
        self.known = False
        self.returns_tuple = True
        transformer.embeddings.forward = partial(self._embed, transformer.embeddings, transformer.embeddings.forward)
        for number, layer in enumerate(layers, start=1):
            layer.forward = partial(self._layer, layer, layer.forward, number == len(layers))

    @classmethod
    def of(cls, transformer: Any, layers: Sequence[Any], max_mb: int) -> "FrozenOutputs":
        """Return the one of a transformer, made at the first call."""
        found = getattr(transformer, ATTRIBUTE, None)
        if found is None:
            found = cls(transformer, layers, max_mb)
            object.__setattr__(transformer, ATTRIBUTE, found)
        return found

    def begin(self, keys: List[bytes], lengths: List[int]) -> None:
        """Announce a training batch: for each row what its frozen outputs depend on, and its number of pieces."""
        self.keys, self.lengths = keys, lengths
        self.known = all(key in self.kept for key in keys)

    def end(self) -> None:
        """Announce a prediction: everything runs as it is."""
        self.keys = None

    def _embed(self, module: Any, forward: Any, *args: Any, **kwargs: Any) -> Any:
        if self.keys is None:
            return forward(*args, **kwargs)
        if self.known:
            import torch

            return torch.nn.utils.rnn.pad_sequence([self.kept[key] for key in self.keys], batch_first=True)
        module.eval()
        return forward(*args, **kwargs)

    def _layer(self, module: Any, forward: Any, is_last: bool, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        if self.keys is None:
            return forward(hidden_states, *args, **kwargs)
        if self.known:
            return (hidden_states,) if self.returns_tuple else hidden_states
        module.eval()
        output = forward(hidden_states, *args, **kwargs)
        self.returns_tuple = isinstance(output, tuple)
        if is_last:
            self._keep(output[0] if self.returns_tuple else output)
        return output

    def _keep(self, hidden_states: Any) -> None:
        for row, key, length in zip(hidden_states.detach(), self.keys or (), self.lengths):
            size = length * row.shape[1] * row.element_size()
            if key not in self.kept and size <= self.room:
                self.kept[key] = row[:length].clone()
                self.room -= size


def window_keys(input_ids: IntArray, attention_mask: IntArray) -> Tuple[List[bytes], List[int]]:
    """Return what `FrozenOutputs.begin` takes for windows of text.

    input_ids, attention_mask (IntArray): Shape (n_windows, n_pieces).
    RETURNS (Tuple[List[bytes], List[int]]): Keys and lengths.
    """
    lengths = [int(row.sum()) for row in attention_mask]
    return [ids[:length].tobytes() for ids, length in zip(np.asarray(input_ids), lengths)], lengths
