"""Vocabulary trimming: an encoder for some languages keeps their pieces only, and says the same about their text.

A text whose pieces were all kept is split into the same pieces as before: every other split was worse already, and
dropping pieces adds none. That needs the score of unknown characters to stay, which Unigram derives from the lowest
score in the vocabulary; so one piece with that score is always kept.
"""

import copy
import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from ..errors import Errors, fail
from ..files import PathLike
from .folder import EncoderFiles, read_encoder, write_encoder
from .languages import characters, piece_frequencies, scripts_of
from .unigram import FAST_CLASS, unigram_vocabulary

DEFAULT_WORDS = 20_000
DEFAULT_ONCE_IN = 50_000
BATCH_SIZE = 1024
EMBEDDINGS = "word_embeddings.weight"


@dataclass(frozen=True)
class TrimReport:
    """What a trimming kept, and the languages of whose frequent words nothing is known."""

    pieces_before: int
    pieces_after: int
    without_words: Tuple[str, ...]


def trim_encoder(
    source: PathLike,
    dest: PathLike,
    *,
    languages: Sequence[str],
    texts: Iterable[str] = (),
    words: int = DEFAULT_WORDS,
    once_in: int = DEFAULT_ONCE_IN,
) -> TrimReport:
    """Write an encoder folder whose vocabulary is trimmed to some languages.

    source (str or Path): An encoder folder with a fast Unigram tokenizer. May be the same as `dest`.
    dest (str or Path): The folder to write. An existing encoder folder is replaced when the new one is complete.
    languages, texts, words, once_in: See `trim_files`.
    RETURNS (TrimReport): What was kept.
    RAISES (XlreError): If the source cannot be trimmed.
    """
    files, report = trim_files(
        read_encoder(source), languages=languages, texts=texts, words=words, once_in=once_in, where=source
    )
    write_encoder(files, dest)
    return report


def trim_files(
    files: EncoderFiles,
    *,
    languages: Sequence[str],
    texts: Iterable[str] = (),
    words: int = DEFAULT_WORDS,
    once_in: int = DEFAULT_ONCE_IN,
    where: object = "the encoder",
) -> Tuple[EncoderFiles, TrimReport]:
    """Trim an encoder's vocabulary to some languages; outputs stay equal wherever every piece was kept.

    files (EncoderFiles): The encoder, with a fast Unigram tokenizer.
    languages (Sequence[str]): Language codes: all single characters of their scripts are kept.
    texts (Iterable[str]): Texts whose pieces are kept, such as the corpus to train on.
    words (int): How many of each language's most frequent words count. With 0, characters and texts alone decide.
    once_in (int): Of the words' pieces, those are kept that a language uses once in so many words of running text or
        more often. Each piece costs 4 bytes times the hidden size.
    where (object): Named in errors.
    RETURNS (Tuple[EncoderFiles, TrimReport]): The trimmed encoder, and what was kept.
    RAISES (XlreError): If the tokenizer is not Unigram, a language code is unknown or wordfreq is missing.
    """
    from tokenizers import Tokenizer

    vocabulary = unigram_vocabulary(files.tokenizer, where)
    tokenizer = Tokenizer.from_str(json.dumps(files.tokenizer))
    kept: Set[str] = set(characters(vocabulary, scripts_of(languages)))
    kept.update(_pieces_of_texts(tokenizer, texts))
    without_words = []
    for language in dict.fromkeys(languages) if words else ():
        frequencies = piece_frequencies(tokenizer, vocabulary, language, words)
        if frequencies is None:
            without_words.append(language)
        kept.update(piece for piece, frequency in (frequencies or {}).items() if frequency * once_in >= 1)
    trimmed = keep_pieces(files, kept, where=where)
    after = len(trimmed.tokenizer["model"]["vocab"])
    return trimmed, TrimReport(len(vocabulary), after, tuple(without_words))


def keep_pieces(files: EncoderFiles, pieces: Set[str], *, where: object = "the encoder") -> EncoderFiles:
    """Reduce an encoder's vocabulary to given pieces, and to what the tokenizer cannot do without.

    Special and added tokens, the mask among them, are kept; embedding rows that belong to no token are dropped. The
    order of ids stays.

    files (EncoderFiles): The encoder, with a fast Unigram tokenizer.
    pieces (Set[str]): The pieces to keep.
    where (object): Named in errors.
    RETURNS (EncoderFiles): The smaller encoder; what it shares with the given one is not copied.
    RAISES (XlreError): If the tokenizer is not Unigram or the embeddings do not fit it.
    """
    vocabulary = unigram_vocabulary(files.tokenizer, where)
    added = files.tokenizer.get("added_tokens", [])
    required = {token["content"] for token in added}
    unknown = files.tokenizer["model"].get("unk_id")
    if unknown is not None:
        required.add(vocabulary[unknown][0])
    required.add(min(vocabulary, key=lambda item: item[1])[0])
    old_ids = [index for index, (piece, _) in enumerate(vocabulary) if piece in pieces or piece in required]
    old_ids += sorted(token["id"] for token in added if token["id"] >= len(vocabulary))
    new_ids = {old: new for new, old in enumerate(old_ids)}
    tokenizer = copy.deepcopy({**files.tokenizer, "model": {**files.tokenizer["model"], "vocab": []}})
    tokenizer["model"]["vocab"] = [list(vocabulary[old]) for old in old_ids if old < len(vocabulary)]
    if unknown is not None:
        tokenizer["model"]["unk_id"] = new_ids[unknown]
    for token in tokenizer.get("added_tokens", []):
        token["id"] = new_ids[token["id"]]
    _remap_post_processor(tokenizer.get("post_processor"), new_ids)
    return EncoderFiles(
        config=_remap_config(files.config, new_ids),
        tokenizer=tokenizer,
        tokenizer_config=_remap_tokenizer_config(files.tokenizer_config, new_ids),
        tensors=_slice_embeddings(files, old_ids, where),
    )


def _pieces_of_texts(tokenizer: Any, texts: Iterable[str]) -> Iterator[str]:
    for batch in _batches(texts):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            yield from encoding.tokens


def _batches(texts: Iterable[str]) -> Iterator[List[str]]:
    batch: List[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


def _slice_embeddings(files: EncoderFiles, old_ids: List[int], where: object) -> Dict[str, np.ndarray]:
    names = [name for name in files.tensors if name.endswith(EMBEDDINGS)]
    if len(names) != 1 or len(files.tensors[names[0]]) <= old_ids[-1]:
        raise fail(Errors.X209, where=where, name=EMBEDDINGS)
    return {**files.tensors, names[0]: files.tensors[names[0]][old_ids]}


def _remap_config(config: Dict[str, Any], new_ids: Dict[int, int]) -> Dict[str, Any]:
    remapped = {**config, "vocab_size": len(new_ids)}
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if config.get(name) is not None:
            remapped[name] = new_ids.get(config[name])
    return remapped


def _remap_tokenizer_config(config: Dict[str, Any], new_ids: Dict[int, int]) -> Dict[str, Any]:
    """Change the ids, and name a class that reads tokenizer.json only: a SentencePiece file would be the old one."""
    decoder = config.get("added_tokens_decoder") or {}
    remapped = {str(new_ids[int(old)]): token for old, token in decoder.items()}
    return {**config, **FAST_CLASS, **({"added_tokens_decoder": remapped} if remapped else {})}


def _remap_post_processor(processor: Optional[Dict[str, Any]], new_ids: Dict[int, int]) -> None:
    """Change the ids of special tokens in place, for each kind of post-processor that holds ids."""
    if not processor:
        return
    for inner in processor.get("processors", []):
        _remap_post_processor(inner, new_ids)
    special = processor.get("special_tokens")
    for token in special.values() if isinstance(special, dict) else ():
        token["ids"] = [new_ids[old] for old in token["ids"]]
    for name in ("sep", "cls"):
        if name in processor:
            piece, old = processor[name]
            processor[name] = [piece, new_ids[old]]
