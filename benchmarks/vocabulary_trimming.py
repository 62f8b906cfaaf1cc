"""What trimming the vocabulary to the project's five languages costs: in how much text nothing changes, by language.

    python benchmarks/vocabulary_trimming.py --data DIR

DIR holds `tatoeba/tatoeba.LANG-eng.LANG`: lines of text in 12 languages and English, from github
facebookresearch/LASER (data/tatoeba/v1, CC BY 2.0). The vocabulary is trimmed as the project does it: with the
command's defaults, to en, de, es, fr and zh, with the pieces of the training documents. Of the 13 languages, these five
were asked for; "cmn" is Chinese in both simplified and traditional characters.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import torch
from common import CHECKOUT, Row, arguments, finish, wanted

from spacy_xlre.encoder import load_hidden_encoder, trim_files, write_encoder
from spacy_xlre.encoder.embedded import embedded_files
from spacy_xlre.encoder.texts import read_texts
from spacy_xlre.encoder.trim import DEFAULT_ONCE_IN
from spacy_xlre.encoder.weights import read_weights

LANGUAGES = ("en", "de", "es", "fr", "zh")
ASKED = ("eng", "deu", "spa", "fra", "cmn")
OTHERS = ("por", "swh", "tur", "rus", "ara", "hin", "jpn", "tha")
SIZES = (10_000, 20_000, 100_000, 200_000)
QUICK_LINES = 100
# Pieces are compared in every line, hidden states in every fifth.
EVERY = 5
BATCH_SIZE = 50
UNKNOWN_ID = 3
# Sums of floats in another order differ by about this much.
TOLERANCE = 1e-4


def main() -> None:
    """Measure, print and keep the figures."""
    args = arguments(__doc__).parse_args()
    finish("vocabulary_trimming", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of the default trimming by language, then the vocabulary's size against the lines kept."""
    texts = list(read_texts([CHECKOUT / "assets" / "train.jsonl"]))
    full = embedded_files(read_weights())
    lines = {language: read(args, language) for language in (*ASKED, *OTHERS)}
    with tempfile.TemporaryDirectory() as folder:
        write_encoder(full, f"{folder}/full")
        tokenizer, model = load_hidden_encoder(f"{folder}/full")
        trimmed, report = trim_files(full, languages=LANGUAGES, texts=texts)
        write_encoder(trimmed, f"{folder}/trimmed")
        small_tokenizer, small_model = load_hidden_encoder(f"{folder}/trimmed")
        megabytes = sum(path.stat().st_size for path in Path(folder, "trimmed").iterdir()) / 1e6
    yield Row("default", "pieces", report.pieces_after, peer=f"untrimmed {report.pieces_before}")
    yield Row("default", "MB on disk", megabytes)
    kept = set(small_tokenizer.get_vocab())
    for language in (*ASKED, *OTHERS):
        name = language if language in ASKED else f"{language} (not asked for)"
        if wanted(args, name):
            yield Row(name, "lines with every piece kept %", share_kept(tokenizer, lines[language], kept))
            sample = lines[language][::EVERY]
            full_states = hidden_states(tokenizer, model, sample)
            trimmed_states = hidden_states(small_tokenizer, small_model, sample)
            differences = [compare(*pair, kept) for pair in zip(full_states, trimmed_states, strict=True)]
            whole = [item for item in differences if item["kept"]]
            if whole:
                same = [line for line in lines[language] if kept.issuperset(tokenizer.tokenize(line))]
                equal = sum(tokenizer.tokenize(line) == small_tokenizer.tokenize(line) for line in same)
                yield Row(name, "of these, equal pieces %", 100 * equal / len(same), goal="= 100")
                equal = sum(item["difference"] <= TOLERANCE for item in whole)
                yield Row(name, "of a sample of these, equal outputs %", 100 * equal / len(whole), goal="= 100")
            yield Row(
                name, "mean cosine, sample of all lines", sum(item["cosine"] for item in differences) / len(differences)
            )
            unknown = sum(item["unknown"] for item in differences) / sum(item["tokens"] for item in differences)
            yield Row(name, "unknown tokens %", 100 * unknown)
    for once_in in SIZES:
        name = f"once in {once_in}"
        if wanted(args, name):
            smaller, report = trim_files(full, languages=LANGUAGES, texts=texts, once_in=once_in)
            pieces = {piece for piece, _ in smaller.tokenizer["model"]["vocab"]}
            yield Row(name, "pieces", report.pieces_after, peer=f"default is once in {DEFAULT_ONCE_IN}")
            for language in ASKED:
                figure = f"{language} lines with every piece kept %"
                yield Row(name, figure, share_kept(tokenizer, lines[language], pieces))


def read(args: argparse.Namespace, language: str) -> List[str]:
    """Return Tatoeba's lines in a language."""
    pair = f"tatoeba.{language if language != 'eng' else 'deu'}-eng.{language}"
    return list(read_texts([args.data / "tatoeba" / pair]))[: QUICK_LINES if args.quick else None]


def share_kept(tokenizer: Any, lines: List[str], kept: Set[str]) -> float:
    """Return the percentage of lines all of whose pieces are kept."""
    return 100 * sum(kept.issuperset(tokenizer.tokenize(line)) for line in lines) / len(lines)


def hidden_states(tokenizer: Any, model: Any, lines: List[str]) -> List[Tuple[List[str], List[int], torch.Tensor]]:
    """Return the pieces, the ids and the last hidden states of each line; lines of about one length go together."""
    results: Dict[int, Tuple[List[str], List[int], torch.Tensor]] = {}
    order = sorted(range(len(lines)), key=lambda index: len(lines[index]))
    for start in range(0, len(order), BATCH_SIZE):
        indices = order[start : start + BATCH_SIZE]
        inputs = tokenizer([lines[index] for index in indices], return_tensors="pt", padding=True)
        with torch.inference_mode():
            states = model(**inputs).last_hidden_state
        for row, index in enumerate(indices):
            length = int(inputs["attention_mask"][row].sum())
            ids = inputs["input_ids"][row, :length].tolist()
            results[index] = (inputs.tokens(row)[:length], ids, states[row, :length])
    return [results[index] for index in range(len(lines))]


def compare(full: Any, trimmed: Any, vocabulary: Set[str]) -> Dict[str, float]:
    """Compare a line's pieces, hidden states and mean-pooled vectors in both encoders."""
    (pieces, _, states), (small_pieces, small_ids, small_states) = full, trimmed
    same = pieces == small_pieces
    return {
        "kept": vocabulary.issuperset(pieces),
        "difference": float((states - small_states).abs().max()) if same else float("inf"),
        "cosine": float(torch.nn.functional.cosine_similarity(states.mean(0), small_states.mean(0), dim=0)),
        "unknown": small_ids.count(UNKNOWN_ID),
        "tokens": len(small_ids),
    }


if __name__ == "__main__":
    main()
