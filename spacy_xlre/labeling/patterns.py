"""A labelling function of patterns: words around two entities that state a relation, language by language.

A file of patterns is JSON lines:

    {"lang": "en", "label": "P19", "between": "was born in"}
    {"lang": "de", "label": "P19", "between": "wurde in", "after": "geboren"}
    {"lang": "en", "label": "P50", "between": [{"LEMMA": "write"}, {"LOWER": "by"}], "head": "first"}

A phrase is compared without regard to capitals; a list is one of spaCy's token patterns. `between` stands between the
two entities, with no other entity in between; `before` and `after` in the same sentence before the first or behind the
last one. "head" says which entity is the head: "first", the default, "last", or "any". The first pattern that holds
votes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..errors import Errors, fail
from ..files import read_lines
from ..tokens import get_language
from ..tokens.blank import blank_multilingual
from .functions import LabelingFunction, Types, by_pair, fits

REGIONS = ("before", "between", "after")
HEADS = ("first", "last", "any")
TokenPattern = List[Dict[str, Any]]


@dataclass(frozen=True)
class Pattern:
    """What states a relation.

    lang, label (str): The language of the text, and the relation.
    regions (Dict[str, TokenPattern]): A token pattern for some of the `REGIONS`.
    head (str): Which of the two entities is the head, one of `HEADS`.
    """

    lang: str
    label: str
    regions: Dict[str, TokenPattern]
    head: str = "first"


def create_pattern_votes(path: str, types: Optional[Types] = None) -> LabelingFunction:
    """Vote for the relation that a pattern states; registered as `spacy_xlre.pattern_votes.v1`.

    path (str): A file of patterns.
    types (Optional[Types]): Allowed types by label, as in `spacy_xlre.type_votes.v1`. A pattern is not looked for
        between other ones.
    RAISES (XlreError): If the file is missing, or a line is no pattern.
    """
    return by_pair(_PatternVotes(list(read_patterns(path)), types or {}))


def read_patterns(path: Union[str, Path]) -> Iterator[Pattern]:
    """Yield the patterns of a file.

    RAISES (XlreError): If the file is missing, or a line is no pattern.
    """
    nlp = blank_multilingual()
    for line, text in read_lines(path):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            missing = [name for name in ("lang", "label") if name not in row]
            if missing:
                raise ValueError(f"there is no {' and no '.join(missing)}")
            regions = {name: _token_pattern(nlp.make_doc, row[name]) for name in REGIONS if name in row}
            pattern = Pattern(row["lang"], row["label"], regions, row.get("head", "first"))
            unknown = sorted(set(row) - {"lang", "label", "head", *REGIONS})
            if unknown:
                raise ValueError(f"there is no key {', '.join(unknown)}")
            if not regions:
                raise ValueError(f"there is none of {', '.join(REGIONS)}")
            if pattern.head not in HEADS:
                raise ValueError(f"the head is {pattern.head!r}, not one of {', '.join(HEADS)}")
            _matcher(nlp.vocab, [pattern])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise fail(Errors.X606, path=path, line=line, reason=" ".join(str(error).split())) from None
        yield pattern


def _token_pattern(tokenize: Any, given: Any) -> TokenPattern:
    if isinstance(given, str):
        given = [{"LOWER": token.lower_} for token in tokenize(given) if not token.is_space]
    if not given:
        raise ValueError("an empty region")
    return list(given)


def _matcher(vocab: Vocab, patterns: Sequence[Pattern]) -> Matcher:
    matcher = Matcher(vocab)
    for number, pattern in enumerate(patterns):
        for region, tokens in pattern.regions.items():
            matcher.add(f"{number} {region}", [tokens])
    return matcher


class _PatternVotes:
    """Judges pairs; what matches in a Doc is looked up once."""

    def __init__(self, patterns: Sequence[Pattern], types: Types) -> None:
        self._types = types
        self._patterns: Dict[str, List[Pattern]] = {}
        for pattern in patterns:
            self._patterns.setdefault(pattern.lang, []).append(pattern)
        self._matchers: Dict[str, Tuple[Vocab, Matcher]] = {}
        self._doc: Optional[Doc] = None
        self._found: Dict[str, List[Tuple[int, int]]] = {}

    def __call__(self, doc: Doc, head: Span, tail: Span) -> Optional[str]:
        patterns = self._patterns.get(get_language(doc), [])
        if not patterns:
            return None
        if doc is not self._doc:
            self._doc, self._found = doc, self._matches(doc)
        first, last = (head, tail) if head.start < tail.start else (tail, head)
        order = "first" if first is head else "last"
        between = [ent for ent in doc.ents if first.end <= ent.start < last.start]
        ranges = {
            "before": (first[0].sent.start, first.start),
            "between": (first.end, first.end if between else last.start),
            "after": (last.end, last[-1].sent.end),
        }
        for number, pattern in enumerate(patterns):
            if pattern.head not in (order, "any") or not fits(self._types.get(pattern.label, {}), head, tail):
                continue
            if all(
                any(start <= a and b <= end for a, b in self._found.get(f"{number} {region}", ()))
                for region in pattern.regions
                for start, end in (ranges[region],)
            ):
                return pattern.label
        return None

    def _matches(self, doc: Doc) -> Dict[str, List[Tuple[int, int]]]:
        lang = get_language(doc)
        vocab, matcher = self._matchers.get(lang, (None, None))
        if matcher is None or vocab is not doc.vocab:
            matcher = _matcher(doc.vocab, self._patterns[lang])
            self._matchers[lang] = doc.vocab, matcher
        found: Dict[str, List[Tuple[int, int]]] = {}
        for key, start, end in matcher(doc):
            found.setdefault(doc.vocab.strings[key], []).append((start, end))
        return found
