"""Every way in which spaCy copies, stores or ships a Doc, as functions from a Doc to the Doc that comes back."""

import pickle
from typing import Callable, Dict

import spacy
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab


def through_docbin(doc: Doc) -> Doc:
    data = DocBin(store_user_data=False, docs=[doc]).to_bytes()
    (copy,) = DocBin().from_bytes(data).get_docs(Vocab())
    return copy


def through_bytes(doc: Doc) -> Doc:
    vocab = Vocab()
    # A Doc's bytes hold no strings: spaCy sends them apart.
    for string in doc.vocab.strings:
        vocab.strings.add(string)
    return Doc(vocab).from_bytes(doc.to_bytes())


def through_two_processes(doc: Doc) -> Doc:
    nlp = spacy.blank("xx", vocab=doc.vocab)
    nlp.add_pipe("sentencizer")
    first, _ = nlp.pipe([doc, nlp("another")], n_process=2, batch_size=1)
    return first


ROUND_TRIPS: Dict[str, Callable[[Doc], Doc]] = {
    "DocBin without user data": through_docbin,
    "to_bytes": through_bytes,
    "Doc.copy": lambda doc: doc.copy(),
    "pickle": lambda doc: pickle.loads(pickle.dumps(doc)),
    "n_process=2": through_two_processes,
    "DocBin twice": lambda doc: through_docbin(through_docbin(doc)),
    "bytes of a DocBin's Doc": lambda doc: through_bytes(through_docbin(doc)),
}
