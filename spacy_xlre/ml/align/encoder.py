"""Word piece vectors and sentence vectors of texts, from one pass of an encoder.

Every text is encoded once, after a prefix that sentence encoders of the E5 family expect; a hidden layer gives the
vectors of its word pieces, the mean of the last layer its sentence vector. Text beyond the encoder's window is encoded
in overlapping windows, and each piece taken from the window in which it has the most text around it.
"""

from dataclasses import dataclass
from typing import Any, Iterator, List, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats2d, Ints1d

from ...encoder.loading import load_hidden_encoder
from ...errors import Errors, fail
from .types import EncodedText, TokenOffsets

UNLIMITED = 1_000_000  # tokenizers without a window of their own report a huge number


@dataclass
class _CutText:
    """The word pieces of a text, and the tokens that each belongs to: an empty range for one of spaces only."""

    prefix: List[int]
    ids: List[int]
    first: Ints1d
    last: Ints1d


@dataclass
class _Window:
    """A run of a text's pieces that is encoded together, and the part of it whose vectors are kept."""

    text: int
    start: int
    end: int
    keep: slice


class AlignmentEncoder:
    """An encoder of the BERT kind, read at a hidden layer and at the last.

    name (str): An encoder folder or a hub name.
    layer (int): The layer whose vectors stand for word pieces, counted from 1.
    prefix (str): Put before every text, for example "query: " for E5; empty for encoders that want none.
    batch_pieces (int): Word pieces a batch, padding counted. More is faster until memory runs short.
    RAISES (XlreError): If the encoder cannot be loaded, has no such layer, or a tokenizer without offsets.
    """

    def __init__(self, name: str, *, layer: int, prefix: str, batch_pieces: int) -> None:
        tokenizer, model = load_hidden_encoder(name)
        if not getattr(tokenizer, "is_fast", False):
            raise fail(Errors.X401, name=name)
        n_layers = int(model.config.num_hidden_layers)
        if not 1 <= layer <= n_layers:
            raise fail(Errors.X402, name=name, layer=layer, n_layers=n_layers)
        self.tokenizer: Any = tokenizer
        self.model: Any = model
        self.layer = layer
        self.prefix = prefix
        self.batch_pieces = batch_pieces
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        self._before, self._after = self._special_ids()
        self._positions = self._max_positions()

    def encode(self, texts: Sequence[str], offsets: Sequence[TokenOffsets]) -> List[EncodedText]:
        """Encode texts, the long ones in windows.

        texts (Sequence[str]): For example the sentences of several segments.
        offsets (Sequence[TokenOffsets]): For each text, the character range of each of its tokens.
        RETURNS (List[EncodedText]): One per text. A token that the encoder's tokenizer drops has no piece.
        """
        cut = self._cut(texts, offsets)
        windows = [window for index, text in enumerate(cut) for window in self._windows(index, text)]
        width = int(self.model.config.hidden_size)
        hidden = [numpy.zeros((len(text.ids), width), dtype="float32") for text in cut]
        sums = numpy.zeros((len(cut), width), dtype="float32")
        counts = numpy.zeros(len(cut), dtype="float32")
        for batch in self._batches(windows):
            rows = [self._row(cut[w.text].prefix, cut[w.text].ids[w.start : w.end]) for w in batch]
            for window, row, (pieces, total) in zip(batch, rows, self._forward(rows)):
                start = len(self._before) + len(cut[window.text].prefix) - window.start
                kept = slice(start + window.keep.start, start + window.keep.stop)
                hidden[window.text][window.keep] = pieces[kept]
                sums[window.text] += total
                counts[window.text] += len(row)
        vectors = sums / numpy.maximum(counts, 1.0)[:, None]
        return [_assemble(text, *found) for text, *found in zip(cut, hidden, vectors)]

    def save(self, folder: Any) -> None:
        """Write the encoder as a Hugging Face folder."""
        self.model.save_pretrained(folder, safe_serialization=True)
        self.tokenizer.save_pretrained(folder)

    def _cut(self, texts: Sequence[str], offsets: Sequence[TokenOffsets]) -> List[_CutText]:
        skip = len(self.prefix)
        encodings = self._backend.encode_batch([self.prefix + text for text in texts], add_special_tokens=False)
        cut = []
        for text, tokens, encoding in zip(texts, offsets, encodings):
            ends = numpy.array([end for _, end in encoding.offsets], dtype="int64") - skip
            begin = int((ends > 0).argmax()) if (ends > 0).any() else len(ends)
            ranges = numpy.array(encoding.offsets[begin:], dtype="int64").reshape(-1, 2) - skip
            first, last = _tokens_of(ranges, text, tokens)
            cut.append(_CutText(encoding.ids[:begin], encoding.ids[begin:], first, last))
        return cut

    def _windows(self, index: int, text: _CutText) -> Iterator[_Window]:
        size = max(2, self._positions - len(self._before) - len(self._after) - len(text.prefix))
        length = len(text.ids)
        if length <= size:
            yield _Window(index, 0, length, slice(0, length))
            return
        shared = size // 4
        starts = [*range(0, length - size, size - shared), length - size]
        edges = [0, *((a + size + b) // 2 for a, b in zip(starts, starts[1:])), length]
        for start, begin, end in zip(starts, edges, edges[1:]):
            yield _Window(index, start, start + size, slice(begin, end))

    def _batches(self, windows: List[_Window]) -> Iterator[List[_Window]]:
        batch: List[_Window] = []
        extra = len(self._before) + len(self._after)
        for window in sorted(windows, key=lambda w: w.end - w.start):
            if batch and (len(batch) + 1) * (window.end - window.start + extra) > self.batch_pieces:
                yield batch
                batch = []
            batch.append(window)
        if batch:
            yield batch

    def _row(self, prefix: List[int], ids: List[int]) -> List[int]:
        return [*self._before, *prefix, *ids, *self._after]

    def _forward(self, rows: List[List[int]]) -> Iterator[Tuple[Floats2d, Floats1d]]:
        """Yield, for each row of ids, the hidden layer and the sum of the last layer."""
        import torch
        from thinc.util import get_torch_default_device

        device = get_torch_default_device()
        self.model.to(device)
        length = max(map(len, rows))
        ids = torch.full((len(rows), length), int(self.tokenizer.pad_token_id or 0), dtype=torch.long)
        mask = torch.zeros((len(rows), length), dtype=torch.long)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row, dtype=torch.long)
            mask[index, : len(row)] = 1
        with torch.no_grad():
            output = self.model(input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True)
            hidden = output.hidden_states[self.layer].float().cpu().numpy()
            sums = (output.hidden_states[-1] * mask.to(device)[:, :, None]).sum(1).float().cpu().numpy()
        for index in range(len(rows)):
            yield hidden[index], sums[index]

    def _special_ids(self) -> Tuple[List[int], List[int]]:
        encoding = self._backend.encode("a")
        special = [index for index, flag in enumerate(encoding.special_tokens_mask) if not flag]
        if not special:
            return encoding.ids, []
        return encoding.ids[: special[0]], encoding.ids[special[-1] + 1 :]

    def _max_positions(self) -> int:
        positions = int(getattr(self.model.config, "max_position_embeddings", UNLIMITED))
        table: Any = getattr(getattr(self.model, "embeddings", None), "position_embeddings", None)
        if table is not None and table.padding_idx is not None:  # RoBERTa counts positions from behind the padding
            positions -= int(table.padding_idx) + 1
        return min(positions, int(self.tokenizer.model_max_length or UNLIMITED))


def _tokens_of(ranges: Any, text: str, tokens: TokenOffsets) -> Tuple[Ints1d, Ints1d]:
    """Map character ranges of word pieces to ranges of the tokens that they overlap, spaces aside."""
    visible = numpy.array([index for index, char in enumerate(text) if not char.isspace()] + [len(text)], dtype="int64")
    begin = visible[numpy.searchsorted(visible, ranges[:, 0].clip(0, len(text)))]
    end = ranges[:, 1]
    bounds = numpy.array(tokens, dtype="int64").reshape(-1, 2)
    first = numpy.searchsorted(bounds[:, 1], begin, side="right")
    last = numpy.searchsorted(bounds[:, 0], end, side="left")
    empty = (begin >= end) | (first >= last)
    return numpy.where(empty, 0, first), numpy.where(empty, 0, last)


def _assemble(text: _CutText, hidden: Floats2d, vector: Floats1d) -> EncodedText:
    kept = text.last > text.first
    pieces = hidden[kept]
    pieces = pieces / numpy.maximum(numpy.linalg.norm(pieces, axis=1, keepdims=True), 1e-9)
    return EncodedText(pieces, text.first[kept], text.last[kept], vector, float(max(len(text.ids), 1)))
