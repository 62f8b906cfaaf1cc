"""Finding the names of a knowledge base in a tokenized text."""

import unicodedata
from bisect import bisect_left
from functools import lru_cache, partial
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from spacy.attrs import IDX, LENGTH, ORTH, SPACY
from spacy.tokens import Doc, Span

from .inflection import ADDRESSES, capitals_join, elides, elision, endings
from .names import is_matchable
from .store import Candidates, KnowledgeBase

# Characters behind a token that tell whether a longer name may begin with it: a space and a letter.
AHEAD = 2
# How many different words of the texts are remembered.
WORDS = 100_000
# A name of fewer characters takes no ending: "Ems" is not the genitive of "Em".
MIN_STEM = 3
Begins = Optional[Dict[str, bool]]
_SENTENCE_END = frozenset(".!?…:。！？：\n")
_OPENING = frozenset("\"'“”„«»‘’‚‹›()[]{}（）【】《》「」『』¿¡*-–—•")
# Marks around the title of a work; a name inside is a word of the title.
_TITLE_MARKS = {"《": "》", "〈": "〉", "『": "』"}


class Mention(NamedTuple):
    """A name found in a Doc.

    start, end (int): Token indices in the Doc, `end` exclusive.
    candidates (List[Tuple[str, float]]): Every entity that the name may mean, with its prior, the likeliest first.
    name (str): The knowledge base's name, as it is looked up.
    inflected (bool): Whether the tokens are not just the name: an ending, an elided word, a capital, a full stop.
    """

    start: int
    end: int
    candidates: Candidates
    name: str
    inflected: bool = False


class _Tokens(NamedTuple):
    """The text of some tokens, folded, with the place of each token in it.

    first (int): The first token's index.
    begins (List[Optional[Dict[str, bool]]]): For each token what is remembered of whether a name begins with it, by the
        `AHEAD` characters behind it; None where it cannot, whatever follows.
    """

    text: str
    first: int
    starts: List[int]
    ends: List[int]
    begins: List[Begins]


class MentionMatcher:
    """Find the names of one language, on token boundaries: from left to right the longest at each place, or all.

    A name is compared exactly, but for differences that do not count in the language (`kb.spelling`). Besides:

    - Where a sentence begins, a name that begins in lower case is found capitalised.
    - With `inflection`, the name's last token may have an ending of the language (`kb.inflection`) or a full stop, and
      an elided word ("d'") may stand before the name in the same token, where the tokenizer does not split it.
    - Names without letters, of one letter, and stop words are not looked for (`names.is_matchable`); the builder
      counts them.
    - Without `parts`, a name that is plainly part of a longer one is left out: a word of a title in 《》, and in
      languages that write common nouns in lower case, a single word beside a capitalised one ("Louis" Pasteur).

    kb (KnowledgeBase): The names.
    lang (str): The language of the texts. If the knowledge base has no names in it, nothing is found.
    inflection (bool): Whether to allow for endings and elisions.
    parts (bool): Whether to keep names that are plainly part of a longer one.
    overlapping (bool): Whether to find every name, also inside others ("York" in "New York").
    """

    def __init__(
        self, kb: KnowledgeBase, lang: str, inflection: bool = True, parts: bool = False, overlapping: bool = False
    ):
        self.kb = kb
        self.lang = kb.resolve_language(lang)
        self.inflection = inflection
        self.parts = parts
        self.overlapping = overlapping
        self._text_lang = lang
        self._rests = frozenset((".", *endings(lang)) if inflection else ())
        self._elides = inflection and elides(lang)
        self._capitals_join = capitals_join(lang)
        self._candidates = lru_cache(100_000)(self._read_candidates)
        self._is_matchable = lru_cache(100_000)(partial(is_matchable, lang=self.lang or ""))
        self._begins = lru_cache(WORDS)(self._read_begins)
        # By the vocabulary's number of a word: the word, the word with a space, and what `_begins` has of it.
        self._words: Dict[int, Tuple[str, str, Begins]] = {}
        if self.lang is not None:
            self._trie = kb.trie(self.lang)
            self._spelling = kb.spelling(self.lang)
            self._window = kb.manifest.languages[self.lang]["longest"]

    def __call__(self, text: Union[Doc, Span]) -> List[Mention]:
        """Return the mentions of a Doc or Span in text order, of those that begin together the longest first.

        Without `overlapping` none overlap.
        """
        if self.lang is None or not len(text):
            return []
        tokens = self._read_tokens(text)
        mentions: List[Mention] = []
        next_free = 0
        for i, begins in enumerate(tokens.begins):
            if begins is None or i < next_free:
                continue
            ahead = tokens.text[tokens.ends[i] : tokens.ends[i] + AHEAD]
            if ahead not in begins:
                word = tokens.text[tokens.starts[i] : tokens.ends[i]]
                begins[ahead] = self._may_begin(word + ahead, len(word))
            if not begins[ahead]:
                continue
            for mention in self._match_at(tokens, i):
                if self.parts or not self._is_part(tokens, mention):
                    mentions.append(mention)
                    next_free = 0 if self.overlapping else mention.end - tokens.first
        return mentions

    def _read_tokens(self, text: Union[Doc, Span]) -> _Tokens:
        doc, first = (text, 0) if isinstance(text, Doc) else (text.doc, text.start)
        rows = doc.to_array([IDX, LENGTH, ORTH, SPACY])[first : first + len(text)]
        # What `Doc.text` gives, without making an object of each token.
        words = self._read_words(doc, rows[:, 2].tolist())
        string = "".join([spaced if space else word for (word, spaced, _), space in zip(words, rows[:, 3].tolist())])
        if not string.isprintable() or "  " in string or not unicodedata.is_normalized("NFC", string):
            return self._respell(text, first)
        starts = rows[:, 0] - rows[0, 0] if first else rows[:, 0]
        ends = starts + rows[:, 1]
        return _Tokens(self._spelling.fold(string), first, starts.tolist(), ends.tolist(), [word[2] for word in words])

    def _read_words(self, doc: Doc, numbers: Sequence[int]) -> List[Tuple[str, str, Begins]]:
        known = self._words
        try:
            return [known[number] for number in numbers]
        except KeyError:
            if len(known) > WORDS:
                # Another thread may still read the old ones.
                known = self._words = {}
        for number in numbers:
            if number not in known:
                word = doc.vocab.strings[number]
                known[number] = word, word + " ", self._begins(self._spelling.fold(word))
        return [known[number] for number in numbers]

    def _respell(self, text: Union[Doc, Span], first: int) -> _Tokens:
        """Read tokens composed (NFC), a space for any whitespace between them but a line break for an empty line."""
        pieces: List[str] = []
        starts: List[int] = []
        ends: List[int] = []
        begins: List[Begins] = []
        length = 0
        for token in text:
            if not token.is_space:
                piece = self._spelling.fold(unicodedata.normalize("NFC", token.text))
            elif token.text.count("\n") > 1:
                piece = "\n"
            else:
                piece = "" if pieces and pieces[-1].endswith((" ", "\n")) else " "
            starts.append(length)
            length += len(piece)
            ends.append(length)
            begins.append(self._begins(piece))
            space = " " if token.whitespace_ and not token.is_space else ""
            pieces.append(piece + space)
            length += len(space)
        return _Tokens("".join(pieces), first, starts, ends, begins)

    def _read_begins(self, word: str) -> Begins:
        """Return where to remember what may follow a folded word; None if no name begins with it, whatever follows."""
        forms = {word, word[:1].lower() + word[1:]}
        begins = self._may_begin(word, len(word)) or any(next(self._trie.iterkeys(form), None) for form in forms)
        return {} if word and begins else None

    def _may_begin(self, text: str, length: int) -> bool:
        """Tell whether a name may begin with a token, seen from the token and what follows at once.

        A name that begins there is the token with an ending at most, or begins with the whole of the text; at the
        beginning of a sentence the same may hold in lower case.

        text (str): The token and the next `AHEAD` characters, fewer at the end of all.
        length (int): The token's length.
        """
        if self._elides and elision(text[:length], self._text_lang) is not None:
            return True
        return any(self._is_beginning(form, length) for form in {text, text[:1].lower() + text[1:]})

    def _is_beginning(self, text: str, length: int) -> bool:
        for key in self._trie.prefixes(text):
            if len(key) >= length or text[len(key) : length] in self._rests:
                return True
        return len(text) > length and next(self._trie.iterkeys(text), None) is not None

    def _match_at(self, tokens: _Tokens, i: int) -> List[Mention]:
        """Return the names that begin with a token: the longest, or with `overlapping` all."""
        start = tokens.starts[i]
        window = tokens.text[start : start + self._window]
        keys = self._trie.prefixes(window)
        found = self._names(tokens, i, start, keys) if keys else []
        if window[:1].isupper() and _begins_sentence(tokens, i):
            lower = window[0].lower() + window[1:]
            if len(lower) == len(window):
                found = found + self._names(tokens, i, start, self._trie.prefixes(lower), altered=True)
        if not found and self._elides:
            prefix = elision(tokens.text[start : tokens.ends[i]], self._text_lang)
            if prefix is not None:
                start += len(prefix)
                keys = self._trie.prefixes(tokens.text[start : start + self._window])
                found = self._names(tokens, i, start, keys, altered=True)
        if len(found) > 1:
            # Of two that end together, the one that is spelled as the text is.
            by_end = {mention.end: mention for mention in reversed(found)}
            found = sorted(by_end.values(), key=lambda mention: -mention.end)
        return found if self.overlapping else found[:1]

    def _names(self, tokens: _Tokens, i: int, start: int, keys: Sequence[str], altered: bool = False) -> List[Mention]:
        """Return the names among the keys that end with a token, the longest first; only that without `overlapping`."""
        ends = tokens.ends
        found: List[Mention] = []
        # The trie gives the shortest first.
        for key in reversed(keys):
            end = start + len(key)
            last = bisect_left(ends, end, i)
            inflected = end != ends[last]
            if inflected and (
                len(key) < MIN_STEM or not key[-1].isalnum() or tokens.text[end : ends[last]] not in self._rests
            ):
                continue
            if self._is_matchable(key):
                candidates = list(self._candidates(key))
                found.append(Mention(tokens.first + i, tokens.first + last + 1, candidates, key, altered or inflected))
                if not self.overlapping:
                    break
        return found

    def _is_part(self, tokens: _Tokens, mention: Mention) -> bool:
        first, last = mention.start - tokens.first, mention.end - tokens.first - 1
        start, end = tokens.starts[first], tokens.ends[last]
        for opening, closing in _TITLE_MARKS.items():
            opened = tokens.text.rfind(opening, 0, start)
            if opened > tokens.text.rfind(closing, 0, start):
                return opened != start - 1 or tokens.text[end : end + 1] != closing
        if not self._capitals_join or first != last:
            return False
        after, before = tokens.text[end : end + 2], tokens.text[max(0, start - 1) : start]
        if after[:1] == " " and after[1:].isupper():
            return True
        if first == 0 or before != " ":
            return False
        word = tokens.text[tokens.starts[first - 1] : start - 1]
        return word[:1].isupper() and word.lower() not in ADDRESSES and not _begins_sentence(tokens, first - 1)

    def _read_candidates(self, key: str) -> Tuple[Tuple[str, float], ...]:
        assert self.lang is not None
        return tuple(self.kb.candidates_of_key(self._trie[key], self.lang))


def _begins_sentence(tokens: _Tokens, i: int) -> bool:
    """Tell whether a sentence may begin at a token, seen from the characters before it."""
    at = tokens.starts[i] - 1
    while at >= 0 and (tokens.text[at] == " " or tokens.text[at] in _OPENING):
        at -= 1
    return at < 0 or tokens.text[at] in _SENTENCE_END
