"""Running only those layers of an encoder that are needed, and layers of our own in place of some of them.

Encoders of the BERT and RoBERTa kinds are run layer by layer: word vectors stop at their layer, sentence vectors go on
to the last one. Any other encoder is run whole.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from thinc.util import get_torch_default_device

from ..precision import is_fast_at_bfloat16

PRECISIONS = ("float32", "bfloat16", "auto")
# Models of transformers whose layers can be called one after the other with a mask to add.
_BY_LAYER = ("BertModel", "RobertaModel", "XLMRobertaModel", "CamembertModel")


class Hidden(NamedTuple):
    """Hidden states of a padded batch.

    states (Tensor): Shape (n_rows, n_pieces, width).
    mask (Tensor): 1 for pieces, 0 for padding, shape (n_rows, n_pieces).
    bias (Optional[Tensor]): What attention adds to keep padding out; None where there is none.
    """

    states: Any
    mask: Any
    bias: Any


class LayeredEncoder:
    """A Hugging Face encoder, read at a hidden layer for words and at the last layer for sentences.

    model (PreTrainedModel): The encoder.
    layer (int): The layer of the word vectors, counted from 1.
    pad_id (int): The id of the padding piece.
    precision (str): Of the numbers that predictions are computed with: "float32", "bfloat16", or "auto" for bfloat16
        where that is faster on the device, as a small product shows.
    """

    def __init__(self, model: Any, layer: int, pad_id: int, precision: str = "float32") -> None:
        self.model = model
        self.precision = precision
        self.layer = layer
        self.pad_id = pad_id
        self.layers: Optional[List[Any]] = None
        if type(model).__name__ in _BY_LAYER:
            self.layers = list(model.encoder.layer)

    def pad(self, rows: Sequence[Sequence[int]]) -> Tuple[Any, Any]:
        """Return ids and mask of rows of word pieces, on the device that Thinc uses."""
        import torch

        device = get_torch_default_device()
        self.model.to(device)
        ids = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(row, dtype=torch.long) for row in rows], batch_first=True, padding_value=self.pad_id
        )
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1])[None, :] < lengths[:, None]).long()
        return ids.to(device), mask.to(device)

    def embed(self, ids: Any, mask: Any) -> Hidden:
        """Look word pieces up; for encoders that are run by layer."""
        return self.hidden(self.model.embeddings(input_ids=ids), mask)

    def hidden(self, states: Any, mask: Any) -> Hidden:
        """Put states and their mask together."""
        padded = not bool(mask.all())
        return Hidden(states, mask, (1.0 - mask[:, None, None, :].float()) * -1e9 if padded else None)

    def run(self, hidden: Hidden, layers: Sequence[Any]) -> Hidden:
        """Run some layers."""
        states = hidden.states
        for layer in layers:
            output = layer(states, attention_mask=hidden.bias)
            states = output[0] if isinstance(output, tuple) else output
        return hidden._replace(states=states)

    def read(self, rows: Sequence[Sequence[int]], own: Sequence[Any], sentences: bool) -> Tuple[Any, Any]:
        """Return the word vectors of rows, and the sums of their last layer if they are asked for.

        rows (Sequence[Sequence[int]]): Word pieces with special ones.
        own (Sequence[Module]): Layers in place of the last ones up to `layer`, for words only; may be empty.
        sentences (bool): Whether to go on to the last layer.
        RETURNS (Tuple[Tensor, Optional[Tensor]]): Shapes (n_rows, n_pieces, width) and (n_rows, width).
        """
        import torch

        ids, mask = self.pad(rows)
        half = self.precision == "bfloat16" or (self.precision == "auto" and is_fast_at_bfloat16(ids.device.type))
        with torch.inference_mode(), torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=half):
            if self.layers is None:
                output = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
                return output.hidden_states[self.layer], _sums(output.hidden_states[-1], mask) if sentences else None
            shared = self.layer - len(own)
            hidden = self.run(self.embed(ids, mask), self.layers[:shared])
            words = self.run(hidden, own or self.layers[shared : self.layer])
            if not sentences:
                return words.states, None
            start, begin = (shared, hidden) if own else (self.layer, words)
            return words.states, _sums(self.run(begin, self.layers[start:]).states, mask)

    def read_sums(self, rows: Sequence[Sequence[int]]) -> Any:
        """Return the sums of rows of word pieces at `layer` and at the last layer, shape (n_rows, 2, width)."""
        import torch

        words, totals = self.read(rows, (), True)
        _, mask = self.pad(rows)
        with torch.inference_mode():
            return torch.stack([_sums(words, mask), totals], dim=1)


def _sums(states: Any, mask: Any) -> Any:
    return (states * mask[:, :, None]).sum(1)
