"""The shipped configs: those of trainings train, with a tiny encoder and a few sentences; the others resolve."""

from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.tokens import Doc, Span
from thinc.api import Config

from spacy_xlre import Relation, set_relations
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.tokens import Link, PairAlignment, get_segments, make_bitext, set_alignment
from spacy_xlre.tokens.blank import blank_multilingual

CONFIGS = Path(__file__).parent.parent / "configs"
MARKERS = "components.xlre_relation.model.markers"
TRANSFORMER = "components.transformer.model"


def relation_docs():
    nlp = blank_multilingual()
    for label, words in (("born", "Ada was born in Paris ."), ("died", "Ada died in Rome ."), ("", "Ada saw Rome .")):
        doc = Doc(nlp.vocab, words=words.split())
        doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, len(doc) - 2, len(doc) - 1, label="LOC")]
        set_relations(doc, [Relation(doc.ents[0], label, doc.ents[1])] if label else [])
        for token in doc:
            token.is_sent_start = token.i == 0
        yield doc


def linked_bitexts():
    nlp = blank_multilingual()
    for _ in range(3):
        doc = make_bitext(nlp, {"en": "Ada was born.", "de": "Ada wurde geboren."})
        first, second = get_segments(doc).values()
        set_alignment(doc, [PairAlignment(first, second, [], [Link(0, 0), Link(2, 2)])])
        yield doc


SHIPPED = {
    "markers.cfg": (relation_docs, {f"{MARKERS}.frozen_layers": 1}),
    "pipeline.cfg": (
        relation_docs,
        {
            f"{TRANSFORMER}.frozen_layers": 1,
            f"{TRANSFORMER}.transformer_config.num_hidden_layers": 2,
            "corpora.train.augmenter": None,
            "initialize.components.xlre_relation.types": None,
            "initialize.components.xlre_relation.symmetric": None,
        },
    ),
    "aligner.cfg": (linked_bitexts, {"components.xlre_aligner.layer": 2, "components.xlre_aligner.trained_layers": 1}),
}


def test_all_of_them_are_here():
    assert {path.name for path in CONFIGS.glob("*.cfg")} == {*SHIPPED, "votes.cfg"}


def test_the_labelling_functions_resolve(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    functions = spacy.util.registry.resolve(Config().from_disk(CONFIGS / "votes.cfg"))["functions"]
    assert set(functions) == {"patterns", "models"}
    assert functions["patterns"](list(relation_docs())) == [{}, {}, {}]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_it_trains_and_the_pipeline_loads(name, tiny_encoder_folder, tmp_path):
    make, settings = SHIPPED[name]
    write_docs(tmp_path / "docs.spacy", make())
    overrides = {
        "paths.train": str(tmp_path / "docs.spacy"),
        "paths.dev": str(tmp_path / "docs.spacy"),
        "paths.encoder": str(tiny_encoder_folder),
        "training.max_epochs": 1,
        **settings,
    }
    train(CONFIGS / name, tmp_path / "out", overrides=overrides)
    nlp = spacy.load(tmp_path / "out" / "model-last")
    assert [doc.text for doc in nlp.pipe(doc.copy() for doc in make())]
