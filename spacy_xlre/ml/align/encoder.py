"""Word piece vectors and sentence vectors of texts, from one pass of an encoder.

Every text is encoded once, after a prefix that sentence encoders of the E5 family expect; a hidden layer gives the
vectors of its word pieces, the mean of the last layer its sentence vector, where one is wanted: without it the layers
above the hidden one do not run. Text beyond the encoder's window is encoded
in overlapping windows, and each piece taken from the window in which it has the most text around it.
"""

import copy
from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats2d, Floats3d, Ints1d

from ...encoder.loading import load_hidden_encoder
from ...errors import Errors, XlreError, fail
from ..pieces import max_positions, special_ids, tokens_of_pieces
from .layers import PRECISIONS, LayeredEncoder
from .types import EncodedText, TokenOffsets


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
    with_sentence: bool


class AlignmentEncoder:
    """An encoder of the BERT kind, read at a hidden layer and at the last.

    name (str): An encoder folder or a hub name.
    layer (int): The layer whose vectors stand for word pieces, counted from 1.
    prefix (str): Put before every text, for example "query: " for E5; empty for encoders that want none.
    batch_pieces (int): Word pieces a batch, padding counted. More is faster until memory runs short.
    precision (str): See `LayeredEncoder`.
    RAISES (XlreError): If the encoder cannot be loaded, has no such layer, or a tokenizer without offsets, or there is
        no such precision.
    """

    def __init__(self, name: str, *, layer: int, prefix: str, batch_pieces: int, precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            raise fail(Errors.X414, precision=precision, precisions=", ".join(PRECISIONS))
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
        self._before, self._after = special_ids(self._backend)
        self._positions = max_positions(model, tokenizer)
        self.layered = LayeredEncoder(model, layer, int(tokenizer.pad_token_id or 0), precision)
        # Trained layers that stand in for the last ones up to `layer`; sentence vectors come from the encoder's own.
        self.word_module: Any = None

    @property
    def word_layers(self) -> List[Any]:
        """The trained layers, the lowest first; empty if there are none."""
        return list(self.word_module) if self.word_module is not None else []

    @property
    def max_row(self) -> int:
        """The most word pieces of a window, special ones and the prefix included."""
        return self._positions

    def add_word_layers(self, n_layers: int) -> Any:
        """Copy the last layers up to `layer`; from then on the copies make the word vectors, and may be trained.

        n_layers (int): How many layers to copy.
        RETURNS (ModuleList): The copies.
        RAISES (XlreError): If the encoder is of another kind than BERT, or has fewer layers below `layer`.
        """
        import torch

        if self.layered.layers is None:
            raise fail(Errors.X409, kind=type(self.model).__name__)
        if not 1 <= n_layers <= self.layer:
            raise fail(Errors.X410, n_layers=n_layers, layer=self.layer)
        copied = self.layered.layers[self.layer - n_layers : self.layer]
        self.word_module = torch.nn.ModuleList(copy.deepcopy(layer) for layer in copied).eval()
        return self.word_module

    def save_word_layers(self) -> Optional[bytes]:
        """Return the trained layers as the bytes of a safetensors file, None if there are none."""
        from safetensors.torch import save

        if self.word_module is None:
            return None
        return save(
            {name: values.detach().cpu().contiguous() for name, values in self.word_module.state_dict().items()}
        )

    def load_word_layers(self, layers: bytes) -> None:
        """Take the trained layers that `save_word_layers` returned.

        RAISES (XlreError): If they do not fit this encoder.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            tensors = load(layers)
            numbers = {int(name.split(".")[0]) for name in tensors}
            self.add_word_layers(len(numbers)).load_state_dict(tensors)
        except (SafetensorError, ValueError, RuntimeError) as error:
            if isinstance(error, XlreError):
                raise
            raise fail(Errors.X411, reason=" ".join(str(error).split())[:200]) from None

    def training_rows(
        self, texts: Sequence[str], offsets: Sequence[TokenOffsets]
    ) -> Iterator[Tuple[List[int], Ints1d, Ints1d, int]]:
        """Yield each text uncut: all its ids, the token range of each piece of the text, and the first one's place."""
        for text in self._cut(texts, offsets):
            yield self._row(text.prefix, text.ids), text.first, text.last, len(self._before) + len(text.prefix)

    def encode(
        self, texts: Sequence[str], offsets: Sequence[TokenOffsets], sentences: Optional[Sequence[bool]] = None
    ) -> List[EncodedText]:
        """Encode texts, the long ones in windows.

        texts (Sequence[str]): For example the sentences of several segments.
        offsets (Sequence[TokenOffsets]): For each text, the character range of each of its tokens.
        sentences (Optional[Sequence[bool]]): For each text, whether its sentence vector is wanted; by default all are.
            The others are zeros.
        RETURNS (List[EncodedText]): One per text. A token that the encoder's tokenizer drops has no piece.
        """
        cut = self._cut(texts, offsets)
        flags = [True] * len(cut) if sentences is None else sentences
        windows = [
            window for index, (text, flag) in enumerate(zip(cut, flags)) for window in self._windows(index, text, flag)
        ]
        width = int(self.model.config.hidden_size)
        hidden = [numpy.zeros((len(text.ids), width), dtype="float32") for text in cut]
        sums = numpy.zeros((len(cut), width), dtype="float32")
        counts = numpy.zeros(len(cut), dtype="float32")
        for batch in self._batches(windows):
            rows = [self._row(cut[w.text].prefix, cut[w.text].ids[w.start : w.end]) for w in batch]
            words, totals = self.layered.read(rows, self.word_layers, batch[0].with_sentence)
            pieces = words.float().cpu().numpy()
            for position, (window, row) in enumerate(zip(batch, rows)):
                start = len(self._before) + len(cut[window.text].prefix) - window.start
                kept = slice(start + window.keep.start, start + window.keep.stop)
                hidden[window.text][window.keep] = pieces[position, kept]
                counts[window.text] += len(row)
            if totals is not None:
                numpy.add.at(sums, [window.text for window in batch], totals.float().cpu().numpy())
        vectors = sums / numpy.maximum(counts, 1.0)[:, None]
        return [_assemble(text, *found) for text, *found in zip(cut, hidden, vectors)]

    def encode_sentences(self, texts: Sequence[str]) -> Floats3d:
        """Encode texts as wholes; no vector of a word piece is kept.

        texts (Sequence[str]): Sentences.
        RETURNS (Floats3d): The means over each text at the word layer and at the last one, not normalised, shape
            (n_texts, 2, width). Trained layers have no part in them.
        """
        cut = self._cut(texts, [()] * len(texts))
        means = numpy.zeros((len(cut), 2, int(self.model.config.hidden_size)), dtype="float32")
        counts = numpy.zeros(len(cut), dtype="float32")
        for batch in self._batches([window for index, text in enumerate(cut) for window in self._windows(index, text)]):
            rows = [self._row(cut[w.text].prefix, cut[w.text].ids[w.start : w.end]) for w in batch]
            indices = [window.text for window in batch]
            numpy.add.at(means, indices, self.layered.read_sums(rows).float().cpu().numpy())
            numpy.add.at(counts, indices, [len(row) for row in rows])
        return means / numpy.maximum(counts, 1.0)[:, None, None]

    def count_pieces(self, texts: Sequence[str]) -> Floats1d:
        """Return the number of word pieces of each text, at least 1."""
        return numpy.array([max(len(text.ids), 1) for text in self._cut(texts, [()] * len(texts))], dtype="float32")

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
            first, last = tokens_of_pieces(ranges, text, tokens)
            cut.append(_CutText(encoding.ids[:begin], encoding.ids[begin:], first, last))
        return cut

    def _windows(self, index: int, text: _CutText, with_sentence: bool = True) -> Iterator[_Window]:
        size = max(2, self._positions - len(self._before) - len(self._after) - len(text.prefix))
        length = len(text.ids)
        if length <= size:
            yield _Window(index, 0, length, slice(0, length), with_sentence)
            return
        shared = size // 4
        starts = [*range(0, length - size, size - shared), length - size]
        edges = [0, *((a + size + b) // 2 for a, b in zip(starts, starts[1:])), length]
        for start, begin, end in zip(starts, edges, edges[1:]):
            yield _Window(index, start, start + size, slice(begin, end), with_sentence)

    def _batches(self, windows: List[_Window]) -> Iterator[List[_Window]]:
        batch: List[_Window] = []
        extra = len(self._before) + len(self._after)
        for window in sorted(windows, key=lambda w: (w.with_sentence, w.end - w.start)):
            size = window.end - window.start + extra
            if batch and (
                (len(batch) + 1) * size > self.batch_pieces or window.with_sentence != batch[0].with_sentence
            ):
                yield batch
                batch = []
            batch.append(window)
        if batch:
            yield batch

    def _row(self, prefix: List[int], ids: List[int]) -> List[int]:
        return [*self._before, *prefix, *ids, *self._after]


def _assemble(text: _CutText, hidden: Floats2d, vector: Floats1d) -> EncodedText:
    kept = text.last > text.first
    pieces = hidden[kept]
    pieces = pieces / numpy.maximum(numpy.linalg.norm(pieces, axis=1, keepdims=True), 1e-9)
    return EncodedText(pieces, text.first[kept], text.last[kept], vector, float(max(len(text.ids), 1)))
