"""Sentences with two entities each, in all languages of the embedded corpus: what teachers are asked about."""

from itertools import islice
from pathlib import Path
from typing import Iterator, List, Optional

from distant import prepare_labels
from spacy.tokens import Doc, Span

from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.labeling.pairs import PairKey, pair_places
from spacy_xlre.tokens import get_language, set_bitext_id, set_language
from spacy_xlre.tokens.blank import blank_multilingual


def write_parallel_sentences(data: Path, work: Path, output: Path, label: str, limit: Optional[int] = None) -> None:
    """Write every two entities of a sentence as a Doc of their own; of its labels none is kept.

    data (Path): The folder `assets/`.
    work (Path): The folder of distant.py's steps, which align and link the text.
    output (Path): The `.spacy` file. The same pair has the same bitext id in each language.
    label (str): The label that all entities get.
    limit (Optional[int]): The most Docs to write.
    """
    labelled = prepare_labels(data.resolve(), work.resolve())["agreement"]
    docs = read_docs(labelled, blank_multilingual().vocab)
    write_docs(output, islice((pair for doc in docs for pair in _pairs(doc, label)), limit))


def _pairs(doc: Doc, label: str) -> Iterator[Doc]:
    ids = {(ent.start, ent.end): ent.kb_id_ for ent in doc.ents}
    keys: List[PairKey] = []
    for sentence in doc.sents:
        places = [(ent.start, ent.end) for ent in sentence.ents]
        # By ids, as the entities may stand in another order in another language.
        keys += [(*one, *other) for one in places for other in places if ids[one] < ids[other]]
    for key, place in pair_places(doc, keys).items():
        sentence = doc[key[0]].sent
        words, spaces = [token.text for token in sentence], [bool(token.whitespace_) for token in sentence]
        pair = Doc(doc.vocab, words=words, spaces=spaces, sent_starts=[index == 0 for index in range(len(words))])
        shift = sentence.start
        for start, end in (key[:2], key[2:]):
            ent = Span(pair, start - shift, end - shift, label=label, kb_id=ids[start, end])
            pair.set_ents([ent], default="unmodified")
        set_bitext_id(pair, repr(place))
        set_language(pair, get_language(doc))
        yield pair
