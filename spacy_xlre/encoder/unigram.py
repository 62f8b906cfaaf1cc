"""The fast Unigram tokenizer of XLM-R and multilingual E5 as the content of `tokenizer.json`, and readings of it."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..errors import Errors, fail
from .charsmap import build_charsmap, with_compositions

SPACE = "▁"
MAX_LENGTH = 512
# XLM-R's own class would need SentencePiece's file as well: spacy-transformers opens it even for a fast tokenizer.
FAST_CLASS = {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids", "attention_mask"]}


@dataclass(frozen=True)
class SpecialPieces:
    """The special pieces by role; they stand for themselves in a vocabulary."""

    bos: str = "<s>"
    pad: str = "<pad>"
    eos: str = "</s>"
    unk: str = "<unk>"
    mask: str = "<mask>"

    def names(self) -> Tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The five pieces."""
        return (self.bos, self.pad, self.eos, self.unk, self.mask)


def build_tokenizer(
    vocabulary: Sequence[Tuple[str, float]], replacements: Mapping[str, str], special: SpecialPieces
) -> Dict[str, Any]:
    """Build XLM-R's tokenizer over a vocabulary.

    vocabulary (Sequence[Tuple[str, float]]): Pieces with their scores (log probabilities), in the order of their
        ids; with the special pieces, at whatever ids.
    replacements (Mapping[str, str]): Character -> replacement, applied before anything else.
    special (SpecialPieces): The special pieces.
    RETURNS (Dict[str, Any]): The content of `tokenizer.json`.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    ids = {piece: index for index, (piece, _) in enumerate(vocabulary)}
    pairs = [(piece, float(score)) for piece, score in vocabulary]
    tokenizer = Tokenizer(models.Unigram(pairs, unk_id=ids[special.unk], byte_fallback=False))
    tokenizer.normalizer = normalizers.Precompiled(build_charsmap(with_compositions(replacements)))
    metaspace = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{special.bos} $A {special.eos}",
        pair=f"{special.bos} $A {special.eos} {special.eos} $B {special.eos}",
        special_tokens=[(name, ids[name]) for name in (special.bos, special.eos)],
    )
    # A mask takes the space before it, as in pretraining.
    tokenizer.add_special_tokens(
        [AddedToken(name, lstrip=name == special.mask, special=True, normalized=False) for name in special.names()]
    )
    return json.loads(tokenizer.to_str())


def tokenizer_config(special: SpecialPieces) -> Dict[str, Any]:
    """Give the content of `tokenizer_config.json`, for `AutoTokenizer`.

    special (SpecialPieces): The special pieces.
    RETURNS (Dict[str, Any]): The settings.
    """
    return {
        **FAST_CLASS,
        "model_max_length": MAX_LENGTH,
        "bos_token": special.bos,
        "cls_token": special.bos,
        "eos_token": special.eos,
        "sep_token": special.eos,
        "unk_token": special.unk,
        "pad_token": special.pad,
        "mask_token": {
            "__type": "AddedToken",
            "content": special.mask,
            "lstrip": True,
            "rstrip": False,
            "single_word": False,
            "normalized": False,
            "special": True,
        },
        "clean_up_tokenization_spaces": False,
    }


def unigram_vocabulary(tokenizer: Dict[str, Any], where: object) -> List[Tuple[str, float]]:
    """Read the vocabulary of a Unigram tokenizer.

    tokenizer (Dict[str, Any]): The content of `tokenizer.json`.
    where (object): Named in the error.
    RETURNS (List[Tuple[str, float]]): Pieces with their scores, in the order of their ids.
    RAISES (XlreError): If the tokenizer is of another kind.
    """
    model = tokenizer.get("model") or {}
    vocabulary = model.get("vocab")
    # tokenizers before 0.10 did not write the type; only Unigram's vocabulary is a list.
    if model.get("type", "Unigram") != "Unigram" or not isinstance(vocabulary, list):
        raise fail(Errors.X207, where=where, kind=model.get("type", "unknown"))
    return [(piece, score) for piece, score in vocabulary]
