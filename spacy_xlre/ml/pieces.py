"""Word pieces of Hugging Face encoders: the special ones, how many fit, and which tokens each belongs to."""

from typing import Any, List, Sequence, Tuple

import numpy as np
from thinc.types import Ints1d

UNLIMITED = 1_000_000  # tokenizers without a window of their own report a huge number


def special_ids(backend: Any) -> Tuple[List[int], List[int]]:
    """Return the special pieces that a tokenizer puts before and after a text.

    backend (Tokenizer): A tokenizer of the package tokenizers, as `backend_tokenizer` of a fast one is.
    RETURNS (Tuple[List[int], List[int]]): Their ids.
    """
    encoding = backend.encode("a")
    special = [index for index, flag in enumerate(encoding.special_tokens_mask) if not flag]
    if not special:
        return encoding.ids, []
    return encoding.ids[: special[0]], encoding.ids[special[-1] + 1 :]


def first_position(model: Any) -> int:
    """Return the position id of a row's first piece: RoBERTa and its kin count from behind the padding."""
    table: Any = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return 0 if padding is None else int(padding) + 1


def max_positions(model: Any, tokenizer: Any) -> int:
    """Return how many word pieces a row may have at most, special ones included."""
    positions = int(getattr(model.config, "max_position_embeddings", UNLIMITED)) - first_position(model)
    return min(positions, int(tokenizer.model_max_length or UNLIMITED))


def tokens_of_pieces(ranges: Any, text: str, tokens: Sequence[Tuple[int, int]]) -> Tuple[Ints1d, Ints1d]:
    """Map character ranges of word pieces to ranges of the tokens that they overlap, spaces aside.

    ranges (Ints2d): The pieces' ranges in the text, shape (n_pieces, 2); what a tokenizer put before it is negative.
    text (str): The text.
    tokens (Sequence[Tuple[int, int]]): The tokens' ranges in the text.
    RETURNS (Tuple[Ints1d, Ints1d]): First and last token (exclusive) of each piece; both 0 for one of spaces only.
    """
    visible = np.array([index for index, char in enumerate(text) if not char.isspace()] + [len(text)], dtype="int64")
    begin = visible[np.searchsorted(visible, ranges[:, 0].clip(0, len(text)))]
    end = ranges[:, 1]
    bounds = np.array(tokens, dtype="int64").reshape(-1, 2)
    first = np.searchsorted(bounds[:, 1], begin, side="right")
    last = np.searchsorted(bounds[:, 0], end, side="left")
    empty = (begin >= end) | (first >= last)
    return np.where(empty, 0, first), np.where(empty, 0, last)
