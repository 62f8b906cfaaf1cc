"""Pairs of entities of labelled Docs: by their tokens in one Doc, and by their place in a bitext."""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from typing import Dict, Hashable, Iterable, Iterator, List, Tuple

from spacy.tokens import Doc, Span

from ..tokens import get_bitext_id, get_language, get_negatives, get_relations, get_unknown

# Half-open token ranges of head and tail.
PairKey = Tuple[int, int, int, int]
# A bitext's id, a language and a text.
DocKey = Tuple[str, str, str]


def doc_key(doc: Doc) -> DocKey:
    """Return what tells a monolingual Doc from others, however it is tokenised: its bitext's id, language and text."""
    return get_bitext_id(doc), get_language(doc), doc.text


def words_key(doc: Doc) -> str:
    """Return what tells a Doc from others in a file: a hash of its bitext, language and words."""
    words = "\0".join([get_bitext_id(doc), get_language(doc), *(token.text for token in doc)])
    return hashlib.sha256(words.encode("utf-8")).hexdigest()[:16]


def pair_key(head: Span, tail: Span) -> PairKey:
    """Return the token ranges of a pair."""
    return head.start, head.end, tail.start, tail.end


def reverse(key: PairKey) -> PairKey:
    """Return the pair with head and tail exchanged."""
    return (*key[2:], *key[:2])


def bag_of(head: Span, tail: Span) -> str:
    """Return the name of a pair's bag, as labelling writes it; empty if one of its entities has no id."""
    return f"{head.kb_id_}|{tail.kb_id_}" if head.kb_id_ and tail.kb_id_ else ""


def entities_by_range(doc: Doc) -> Dict[Tuple[int, int], Span]:
    """Return the entities of a Doc by their half-open token ranges, of which a pair's key has two."""
    return {(ent.start, ent.end): ent for ent in doc.ents}


def named_pairs(doc: Doc) -> Iterator[PairKey]:
    """Yield the pairs of a labelled Doc about which something was said: a relation, NA, or unknown; each once."""
    relations = (pair_key(relation.head, relation.tail) for relation in get_relations(doc))
    negatives = (pair_key(negative.head, negative.tail) for negative in get_negatives(doc))
    yield from dict.fromkeys((*relations, *negatives, *(pair_key(*pair) for pair in get_unknown(doc))))


def pair_places(doc: Doc, keys: Iterable[PairKey]) -> Dict[PairKey, Hashable]:
    """Say which pair of its bitext each is: by ids, and by the number of its sentence among those that name both.

    doc (Doc): A Doc. An entity without an id is the same as no other.
    keys (Iterable[PairKey]): Pairs of its entities.
    RETURNS (Dict[PairKey, Hashable]): The same for the same pair in each language of a bitext.
    """
    names: Dict[Tuple[int, int], Hashable] = {
        place: entity.kb_id_ or (id(doc), *place) for place, entity in entities_by_range(doc).items()
    }
    named = {key: (names[key[:2]], names[key[2:]]) for key in keys}
    starts = [token.i for token in doc if token.is_sent_start]
    sentences: Dict[Tuple[Hashable, Hashable], List[int]] = defaultdict(list)
    number_of: Dict[PairKey, int] = {}
    for key in sorted(named):
        sentence, known = bisect_right(starts, key[0]), sentences[named[key]]
        if sentence not in known:
            known.append(sentence)
        number_of[key] = known.index(sentence)
    return {key: (get_bitext_id(doc) or id(doc), *pair, number_of[key]) for key, pair in named.items()}
