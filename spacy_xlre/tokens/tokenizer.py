"""A tokenizer for many languages at once: spaCy's rules for `xx`, and grapheme clusters where words have no spaces."""

import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from spacy.lang.xx import MultiLanguage
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import DummyTokenizer, compile_infix_regex, compile_prefix_regex, compile_suffix_regex
from spacy.vocab import Vocab

from ..errors import Errors, fail
from .scripts import UNSPACED, has_unspaced, is_unspaced, split_clusters, split_runs

Segmenter = Callable[[str], List[str]]

# A whitespace-delimited chunk that holds a character of an unspaced script.
_chunks = re.compile(rf"(?<!\S)[^\s{UNSPACED}]*[{UNSPACED}]\S*").finditer
_find_surrogate = re.compile("[\ud800-\udfff]").search
# Words that lose their last vowel before another word, in French, Italian, Catalan and Occitan.
_ELIDED = (
    *("c", "d", "j", "l", "m", "n", "s", "t", "qu", "puisqu", "lorsqu", "quoiqu", "jusqu", "quelqu"),
    *("un", "all", "coll", "dall", "dell", "nell", "sull", "bell", "quell", "quest", "sant", "anch"),
)
_CACHE_SIZE = 20_000


def create_multilingual_tokenizer(
    segmenter: Optional[Segmenter] = None, elisions: bool = False
) -> Callable[[Language], "MultilingualTokenizer"]:
    """Build the tokenizer factory registered as `spacy_xlre.MultilingualTokenizer.v1`.

    segmenter (Optional[Callable[[str], List[str]]]): Cuts text of scripts without spaces (a run of Han, kana, Thai,
        Lao, Khmer or Burmese) into words; without it, each grapheme cluster is a token.
    elisions (bool): Whether "d'Agnès" is two tokens, "d'" and "Agnès". spaCy's `xx` rules keep it whole, so an entity
        after an elision would not be on token boundaries: set it for French, Italian or Catalan.
    RETURNS (Callable[[Language], MultilingualTokenizer]): Makes the tokenizer of a pipeline.
    """

    def create(nlp: Language) -> "MultilingualTokenizer":
        return MultilingualTokenizer(nlp.vocab, segmenter=segmenter, elisions=elisions)

    return create


class MultilingualTokenizer(DummyTokenizer):
    """Cut text of any language into tokens whose texts and spaces join to the text again.

    vocab (Vocab): The vocabulary of the Docs.
    segmenter (Optional[Callable[[str], List[str]]]): See `create_multilingual_tokenizer`.
    elisions (bool): See `create_multilingual_tokenizer`.
    """

    def __init__(self, vocab: Vocab, *, segmenter: Optional[Segmenter] = None, elisions: bool = False):
        self.vocab = vocab
        self.segmenter = segmenter
        self.rules = _create_rules(vocab, elisions)
        self._cache: Dict[str, List[str]] = {}

    def __call__(self, text: str) -> Doc:
        """Tokenize one text.

        text (str): Any string of Unicode scalar values.
        RETURNS (Doc): A Doc with `doc.text == text`.
        RAISES (XlreError): If the text holds half of a surrogate pair.
        """
        try:
            if not has_unspaced(text):
                return self.rules(text)
            return self._tokenize_mixed(text)
        except UnicodeEncodeError:
            half = _find_surrogate(text)
            if half is None:
                raise
            raise fail(Errors.X011, position=half.start(), code=f"{ord(half.group()):04X}") from None

    def pipe(self, texts: Iterable[str], **kwargs: Any) -> Iterator[Doc]:
        """Tokenize a stream of texts one by one; a batch size is accepted for spaCy's sake."""
        for text in texts:
            yield self(text)

    def add_special_case(self, string: str, token_attrs: Iterable[Dict[Any, Any]]) -> None:
        """Add an exception to the rules for text with spaces, as `spacy.tokenizer.Tokenizer` does."""
        self.rules.add_special_case(string, token_attrs)
        self._cache.clear()

    def _tokenize_mixed(self, text: str) -> Doc:
        words: List[str] = []
        spaces: List[bool] = []
        end = 0
        for match in _chunks(text):
            start = match.start()
            if start > end:
                self._add_spaced(text[end:start], words, spaces)
            end = match.end()
            pieces = self._split_chunk(match.group())
            words += pieces
            spaces += [False] * len(pieces)
        if end < len(text):
            self._add_spaced(text[end:], words, spaces)
        return Doc(self.vocab, words=words, spaces=spaces)

    def _add_spaced(self, text: str, words: List[str], spaces: List[bool]) -> None:
        # One space after a token belongs to that token, whatever comes next.
        if words and text[0] == " ":
            spaces[-1] = True
            text = text[1:]
        if text == "":
            return
        for token in self.rules(text):
            words.append(token.text)
            spaces.append(bool(token.whitespace_))

    def _split_chunk(self, chunk: str) -> List[str]:
        cache = self._cache
        words: List[str] = []
        for piece in split_clusters(chunk) if self.segmenter is None else split_runs(chunk):
            if is_unspaced(piece):
                if self.segmenter is None:
                    words.append(piece)
                else:
                    words += _segment(self.segmenter, piece)
            elif piece in cache:
                words += cache[piece]
            else:
                if len(cache) >= _CACHE_SIZE:
                    cache.clear()
                cache[piece] = [token.text for token in self.rules(piece)]
                words += cache[piece]
        return words

    def to_bytes(self, **kwargs: Any) -> bytes:
        """Return the rules and special cases; the segmenter comes from the config."""
        return self.rules.to_bytes(**kwargs)

    def from_bytes(self, data: bytes, **kwargs: Any) -> "MultilingualTokenizer":
        """Take over the rules and special cases that `to_bytes` returned."""
        self.rules.from_bytes(data, **kwargs)
        self._cache.clear()
        return self

    def to_disk(self, path: Union[str, Path], **kwargs: Any) -> None:
        """Write the rules and special cases to a file; the segmenter comes from the config."""
        self.rules.to_disk(path, **kwargs)

    def from_disk(self, path: Union[str, Path], **kwargs: Any) -> "MultilingualTokenizer":
        """Take over the rules and special cases that `to_disk` wrote."""
        self.rules.from_disk(path, **kwargs)
        self._cache.clear()
        return self


def _create_rules(vocab: Vocab, elisions: bool) -> Tokenizer:
    defaults = MultiLanguage.Defaults
    infixes = list(defaults.infixes or ())
    if elisions:
        infixes.append(_elision_pattern())
    return Tokenizer(
        vocab,
        rules=defaults.tokenizer_exceptions,
        prefix_search=compile_prefix_regex(defaults.prefixes or ()).search,
        suffix_search=compile_suffix_regex(defaults.suffixes or ()).search,
        infix_finditer=compile_infix_regex(infixes).finditer,
        token_match=defaults.token_match,
        url_match=defaults.url_match,
    )


def _elision_pattern() -> str:
    """Return an infix of no width: the place after an elided word and its apostrophe."""
    forms: Tuple[str, ...] = tuple(form for word in _ELIDED for form in (word, word.capitalize(), word.upper()))
    behind = "|".join(rf"(?<=\b{form}['’])" for form in dict.fromkeys(forms))
    return rf"(?:{behind})(?=[^\s'’])"


def _segment(segmenter: Segmenter, run: str) -> List[str]:
    words = [word for word in segmenter(run) if word]
    if "".join(words) != run:
        raise fail(Errors.X012, run=run[:40], words=words[:20])
    return words
