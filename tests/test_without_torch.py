"""What works where torch is not installed: the package, spaCy's own commands, and the default component."""

import subprocess
import sys

import pytest

HIDE = """
import importlib.metadata, sys
hidden = {"torch", "transformers", "spacy-transformers"}
distributions = importlib.metadata.distributions
importlib.metadata.distributions = lambda **kwargs: (
    found for found in distributions(**kwargs) if found.metadata["Name"] not in hidden
)
for name in ("torch", "transformers", "spacy_transformers"):
    sys.modules[name] = None
"""
TRAIN = """
import spacy, spacy_xlre
from spacy.tokens import Span
from spacy.training import Example

nlp = spacy.blank("xx")
nlp.add_pipe("xlre_relation")

def example():
    doc = nlp.make_doc("Ada died in Rome")
    doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, 3, 4, label="LOC")]
    spacy_xlre.set_relations(doc, [spacy_xlre.Relation(doc.ents[0], "died", doc.ents[1])])
    predicted = nlp.make_doc(doc.text)
    predicted.ents = [Span(predicted, ent.start, ent.end, label=ent.label) for ent in doc.ents]
    return Example(predicted, doc)

optimizer = nlp.initialize(lambda: [example()])
for _ in range(10):
    nlp.update([example()], sgd=optimizer)
loaded = nlp.from_bytes(nlp.to_bytes())
(relation,) = loaded(example().predicted)._.relations
assert (relation.head.text, relation.label, relation.tail.text) == ("Ada", "died", "Rome")
"""
COMMAND = """
from spacy.cli._util import setup_cli
sys.argv = ["spacy", *{words!r}]
setup_cli()
"""


def run(script: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", HIDE + script], capture_output=True, text=True, check=False)


def test_torch_really_is_hidden():
    assert "ModuleNotFoundError" in run("import torch").stderr


def test_a_marker_encoder_says_what_it_needs():
    ended = run("from spacy_xlre.ml.markers.transformer import build_marker_transformer as b; b('encoder')")
    assert "[X210]" in ended.stderr
    assert "pip install" in ended.stderr


def test_the_default_component_learns_predicts_and_is_saved():
    ended = run(TRAIN)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("words", [["xlre", "--help"], ["info"]], ids=" ".join)
def test_spacy_commands_work(words):
    ended = run(COMMAND.format(words=words))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
