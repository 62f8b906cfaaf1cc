"""A few sentences with entities and relations, small enough to learn by heart."""

from typing import List, Sequence, Tuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_xlre import Relation, set_relations

# Text, entities (start, end, label), relations (head, label, tail) between their indices.
Toy = Tuple[str, Sequence[Tuple[int, int, str]], Sequence[Tuple[int, str, int]]]

TOYS: List[Toy] = [
    ("Ada was born in Paris .", [(0, 1, "PER"), (4, 5, "LOC")], [(0, "born", 1)]),
    ("Ada died in Rome .", [(0, 1, "PER"), (3, 4, "LOC")], [(0, "died", 1)]),
    ("Bob was born in Rome and saw Paris .", [(0, 1, "PER"), (4, 5, "LOC"), (7, 8, "LOC")], [(0, "born", 1)]),
    ("Bob saw Berlin .", [(0, 1, "PER"), (2, 3, "LOC")], []),
    ("Ada married Bob .", [(0, 1, "PER"), (2, 3, "PER")], [(0, "spouse", 1)]),
    ("", [], []),
    ("Nobody is here .", [], []),
]
SMALL_MODEL = {
    "@architectures": "spacy_xlre.RelationModel.v1",
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "width": 16,
        "depth": 1,
        "embed_size": 100,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": False,
        "pretrained_vectors": None,
    },
    "pair_vectors": {
        "@architectures": "spacy_xlre.PairVectors.v1",
        "type_width": 4,
        "type_rows": 32,
        "distance_width": 4,
        "attention_heads": 2,
        "attention_width": 4,
    },
    "classifier": {"@architectures": "spacy_xlre.PairClassifier.v1", "hidden_width": 32, "output_scale": 1.0},
}


def make_doc(vocab: Vocab, text: str, entities: Sequence[Tuple[int, int, str]] = ()) -> Doc:
    doc = Doc(vocab, words=text.split(" ") if text else [])
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in entities]
    return doc


def make_reference(vocab: Vocab, toy: Toy) -> Doc:
    text, entities, relations = toy
    doc = make_doc(vocab, text, entities)
    set_relations(doc, [Relation(doc.ents[head], label, doc.ents[tail]) for head, label, tail in relations])
    return doc


def make_examples(vocab: Vocab, toys: Sequence[Toy] = TOYS, *, predicted_entities: bool = False) -> List[Example]:
    return [
        Example(make_doc(vocab, text, entities if predicted_entities else ()), make_reference(vocab, toy))
        for toy in toys
        for text, entities, _ in [toy]
    ]


def make_pipeline(model: dict = SMALL_MODEL, **config: object) -> Language:
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation", config={"model": model, **config})
    return nlp


def train(
    nlp: Language, toys: Sequence[Toy] = TOYS, *, steps: int = 40, rate: float = 0.01, **settings: object
) -> dict:
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab, toys))
    optimizer.learn_rate = rate
    losses: dict = {}
    for _ in range(steps):
        losses = nlp.update(make_examples(nlp.vocab, toys), sgd=optimizer, losses={}, **settings)
    return losses


def predict(nlp: Language, toy: Toy) -> Doc:
    return nlp(make_doc(nlp.vocab, toy[0], toy[1]))


def triples(doc: Doc) -> List[Tuple[str, str, str]]:
    return [(relation.head.text, relation.label, relation.tail.text) for relation in doc._.relations]
