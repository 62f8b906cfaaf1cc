"""Sentences with two entities each, out of labelled parallel text, and what a teacher reads in them."""

from itertools import islice
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

from common import CHECKOUT
from distant import prepare_labels
from spacy.tokens import Doc, Span

from spacy_xlre.cli.distill import distill
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.corpus.semeval import ENTITY
from spacy_xlre.labeling.pairs import PairKey, pair_places
from spacy_xlre.tokens import get_bitext_id, get_language, set_bitext_id, set_language, set_relations
from spacy_xlre.tokens.blank import blank_multilingual
from spacy_xlre.tokens.relations import move_relations


def write_parallel_sentences(
    labelled: Path, output: Path, entity: str, *, keep_labels: bool, limit: Optional[int] = None
) -> None:
    """Write every two entities of a sentence as a Doc of their own.

    labelled (Path): Labelled Docs, of several languages. The same pair gets the same bitext id in each.
    output (Path): The `.spacy` file.
    entity (str): The label that all entities get.
    keep_labels (bool): Whether to keep the relations, or NA, of the two; those that nobody can judge are then left out.
    limit (Optional[int]): The most Docs to write.
    """
    docs = read_docs(labelled, blank_multilingual().vocab)
    write_docs(output, islice((pair for doc in docs for pair in _pairs(doc, entity, keep_labels)), limit))


def teach_parallel_sentences(
    teacher: Path, work: Path, output: Path, *, step: int = 1, limit: Optional[int] = None, gpu_id: int = -1
) -> None:
    """Write what a pipeline reads in the embedded corpus's sentences, averaged over their languages.

    teacher (Path): The pipeline.
    work (Path): Folder that keeps the sentences, for other teachers.
    output (Path): The `.spacy` file.
    step (int): Take every pair of entities (1), every third one (3), and so on, in all of its languages.
    limit (Optional[int]): The most sentences, for a try.
    gpu_id (int): The GPU, or -1 for the CPU.
    """
    sentences = work / ("parallel.spacy" if limit is None else "parallel-quick.spacy")
    if not sentences.exists():
        labelled = prepare_labels(CHECKOUT / "assets", work.resolve() / "parallel")["agreement"]
        write_parallel_sentences(labelled, sentences, ENTITY, keep_labels=False, limit=limit)
    if step > 1:
        docs = list(read_docs(sentences, blank_multilingual().vocab))
        numbers = {name: number for number, name in enumerate(dict.fromkeys(map(get_bitext_id, docs)))}
        sentences = output.with_suffix(".sentences.spacy")
        write_docs(sentences, [doc for doc in docs if numbers[get_bitext_id(doc)] % step == 0])
    distill(teacher, sentences, output, share=1.0, by_bitext=True, gpu_id=gpu_id)


def _pairs(doc: Doc, label: str, keep_labels: bool) -> Iterator[Doc]:
    ids = {(ent.start, ent.end): ent.kb_id_ for ent in doc.ents}
    keys: List[PairKey] = []
    for sentence in doc.sents:
        places = [(ent.start, ent.end) for ent in sentence.ents]
        # By ids, as the entities may stand in another order in another language.
        keys += [(*one, *other) for one in places for other in places if ids[one] < ids[other]]
    for key, place in pair_places(doc, keys).items():
        pair = _sentence_of(doc, key, label, keep_labels)
        if pair is not None:
            set_bitext_id(pair, repr(place))
            set_language(pair, get_language(doc))
            yield pair


def _sentence_of(doc: Doc, key: PairKey, label: str, keep_labels: bool) -> Optional[Doc]:
    """Return the sentence of two entities with no other ones; None if their labels are wanted and unknown."""
    sentence = doc[key[0]].sent
    words, spaces = [token.text for token in sentence], [bool(token.whitespace_) for token in sentence]
    pair = Doc(doc.vocab, words=words, spaces=spaces, sent_starts=[index == 0 for index in range(len(words))])
    places: Dict[Tuple[int, int], Span] = {}
    for start, end in (key[:2], key[2:]):
        kb_id = doc[start].ent_kb_id
        places[start, end] = Span(pair, start - sentence.start, end - sentence.start, label=label, kb_id=kb_id)
    pair.set_ents(list(places.values()))
    if keep_labels:
        relations, negatives, unknown = move_relations(doc, lambda span: places.get((span.start, span.end)))
        if unknown and not relations:
            return None
        set_relations(pair, relations, negatives=negatives, unknown=unknown)
    return pair
