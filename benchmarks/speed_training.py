"""Speed of training a marker encoder beside a plain loop of PyTorch and transformers.

    python benchmarks/speed_training.py --data DIR --encoder FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37). Both train the same encoder on the same sentences in the same
batches of 32, with frozen embeddings: inserted markers, both directions of each pair, a linear layer over the
markers' states. The plain loop is what one would write: tokenised texts padded to the longest of the batch,
cross-entropy, AdamW. Ours runs in bfloat16, too. They take turns in one process; a turn is a number of batches
(--batches) of the first epoch, and the ratio of each turn counts.
"""

import argparse
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List

from common import Row, arguments, finish, median_and_spread
from relation_pipelines import LABELS, marker_pipeline
from relation_transfer import read
from spacy.tokens import Doc
from spacy.training import Example

from spacy_xlre.corpus.relation_docs import without_relations
from spacy_xlre.tokens import get_relations, set_relations

BATCH = 32
OURS, HALF = "spacy train's update", "spacy train's update, bfloat16"


def ours(args: argparse.Namespace, docs: List[Doc], **settings: Any) -> Callable[[int], None]:
    """Return a function that trains on some batches with spaCy, from a place in the data."""
    nlp = marker_pipeline(args.encoder, packed=False, **settings)
    optimizer = nlp.create_optimizer()
    examples = [Example(without_relations(doc), doc) for doc in docs]

    def train(start: int) -> None:
        for first in range(start, start + args.batches * BATCH, BATCH):
            nlp.update(examples[first : first + BATCH], sgd=optimizer, drop=0.1)

    return train


def plain(args: argparse.Namespace, docs: List[Doc]) -> Callable[[int], None]:
    """Return a function that does the same with a plain loop."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(args.encoder), AutoModel.from_pretrained(args.encoder).train()
    model.embeddings.requires_grad_(False)
    head = torch.nn.Linear(4 * model.config.hidden_size, len(LABELS) + 1)
    optimizer = torch.optim.AdamW([p for p in [*model.parameters(), *head.parameters()] if p.requires_grad], lr=1e-4)
    marks = [tokenizer.convert_tokens_to_ids(word) for word in ("▁@", "▁#")]

    def train(start: int) -> None:
        for first in range(start, start + args.batches * BATCH, BATCH):
            texts, targets = [], []
            for doc in docs[first : first + BATCH]:
                related = {(r.head.start, r.tail.start): LABELS.index(r.label) for r in get_relations(doc)}
                for head_, tail in (doc.ents, doc.ents[::-1]):
                    texts.append(_marked(doc, head_, tail))
                    targets.append(related.get((head_.start, tail.start), len(LABELS)))
            batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
            states = model(**batch).last_hidden_state
            rows = []
            for row, ids in zip(states, batch["input_ids"]):
                places = [(ids == mark).nonzero()[:2].flatten() for mark in marks]
                rows.append(torch.cat([row[place] for group in places for place in group]))
            loss = torch.nn.functional.cross_entropy(head(torch.stack(rows)), torch.tensor(targets))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return train


def _marked(doc: Doc, head: object, tail: object) -> str:
    words = [token.text_with_ws for token in doc]
    for span, mark in ((head, "@"), (tail, "#")):
        words[span.start] = f" {mark} {words[span.start]}"  # type: ignore[attr-defined]
        words[span.end - 1] = f"{words[span.end - 1].rstrip()} {mark} "  # type: ignore[attr-defined]
    return "".join(words)


def usable(docs: List[Doc]) -> List[Doc]:
    """Give relations the names of the pipeline's labels, and leave out texts that hold a marker themselves."""
    names = sorted({relation.label for doc in docs for relation in get_relations(doc)})
    kept = [doc for doc in docs if "@" not in doc.text and "#" not in doc.text]
    for doc in kept:
        relations = get_relations(doc)
        set_relations(doc, [type(r)(r.head, LABELS[names.index(r.label)], r.tail) for r in relations])
    return kept


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield examples/s of both, and their ratio."""
    import torch

    torch.set_num_threads(args.threads)
    if args.quick:
        args.batches, args.repeats = 1, 2
    docs = usable(read(args.data / "kbp37" / "train.txt", "en").docs)
    functions = [ours(args, docs), plain(args, docs), ours(args, docs, mixed_precision=True)]
    for function in functions:
        function(0)
    turns: List[List[float]] = []
    for turn in range(args.repeats):
        times = []
        for function in functions:
            start = time.perf_counter()
            function(turn * args.batches * BATCH)
            times.append(time.perf_counter() - start)
        turns.append(times)
    examples = args.batches * BATCH
    for column, name in enumerate((OURS, "plain loop", HALF)):
        yield Row(name, "examples/s", *median_and_spread([examples / times[column] for times in turns]))
    ratios = [own / other for own, other, _ in turns]
    yield Row(OURS, "time, ratio to the plain loop", *median_and_spread(ratios), goal="<= 1.05")
    yield Row(HALF, "time, ratio to float32", *median_and_spread([half / own for own, _, half in turns]))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--batches", type=int, default=6, help="batches of a turn (default: 6)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="torch threads (default: 2)")
    parsed = parser.parse_args()
    finish("speed_training", list(measure(parsed)), parsed, seeds=[])
