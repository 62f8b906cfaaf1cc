import pytest
import spacy
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.kb.build import build_kb
from spacy_xlre.tokens import (
    Link,
    PairAlignment,
    get_language,
    get_negatives,
    get_relations,
    get_segments,
    make_bitext,
    set_alignment,
    set_bitext_id,
)

ENTITIES = """
{"id": "ada", "type": "PER", "names": {"en": ["Ada"], "de": ["Ada"]}}
{"id": "london", "type": "LOC", "names": {"en": ["London"], "de": []}}
{"id": "paris", "type": "LOC", "names": {"en": ["Paris"], "de": ["Paris"]}}
"""
PROPERTIES = '{"id": "P19", "names": {}, "head_types": ["PER"], "tail_types": ["LOC"], "symmetric": false}\n'


@pytest.fixture
def kb(tmp_path):
    (tmp_path / "entities.jsonl").write_text(ENTITIES.strip())
    (tmp_path / "facts.tsv").write_text("subject\tproperty\tobject\nada\tP19\tlondon\n")
    (tmp_path / "properties.jsonl").write_text(PROPERTIES)
    sources = [tmp_path / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl")]
    build_kb(*sources, tmp_path / "kb")
    return tmp_path / "kb"


@pytest.fixture
def aligned(tmp_path, multilingual):
    docs = []
    for number in range(4):
        doc = make_bitext(multilingual, {"en": "Ada left London for Paris", "de": "Ada verließ London für Paris"})
        set_bitext_id(doc, str(number))
        source, target = get_segments(doc).values()
        set_alignment(doc, [PairAlignment(source, target, [], [Link(i, i, 0.9) for i in range(len(source))])])
        docs.append(doc)
    write_docs(tmp_path / "aligned.spacy", docs)
    return tmp_path / "aligned.spacy"


def run(*words):
    return CliRunner().invoke(app, ["label", *map(str, words)])


def labelled(path, vocab):
    return {
        get_language(doc): {(r.head.text, r.label, r.tail.text) for r in get_relations(doc)}
        for doc in read_docs(path, vocab)
    }


def test_agreement_labels_what_one_language_has_no_name_for(tmp_path, kb, aligned, multilingual):
    assert run(aligned, kb, "--output", tmp_path / "labels.spacy").exit_code == 0
    fact = {("Ada", "P19", "London")}
    assert labelled(tmp_path / "labels.spacy", multilingual.vocab) == {"en": fact, "de": fact}


def test_monolingual_matching_does_not(tmp_path, kb, aligned, multilingual):
    assert run(aligned, kb, "--output", tmp_path / "labels.spacy", "--method", "monolingual").exit_code == 0
    expected = {"en": {("Ada", "P19", "London")}, "de": set()}
    assert labelled(tmp_path / "labels.spacy", multilingual.vocab) == expected


def test_pairs_without_a_fact_are_graded_negatives_and_labels_carry_history(tmp_path, kb, aligned, multilingual):
    run(aligned, kb, "--output", tmp_path / "labels.spacy")
    doc = next(read_docs(tmp_path / "labels.spacy", multilingual.vocab))
    assert [(n.head.text, n.tail.text) for n in get_negatives(doc)] == [("Ada", "Paris")]
    assert 0 < get_negatives(doc)[0].weight <= 1
    (relation,) = get_relations(doc)
    assert relation.source == "matched:2/2|alone:1/1"
    assert relation.bag == "ada|london"
    assert 0 < relation.weight < 1


def test_bitexts_can_be_held_out_for_development(tmp_path, kb, aligned, multilingual):
    options = ("--dev", tmp_path / "dev.spacy", "--dev-share", 0.25)
    assert run(aligned, kb, "--output", tmp_path / "train.spacy", *options).exit_code == 0
    assert len(list(read_docs(tmp_path / "train.spacy", multilingual.vocab))) == 6
    assert len(list(read_docs(tmp_path / "dev.spacy", multilingual.vocab))) == 2


def test_a_bitext_without_alignment_ends_with_one_line(tmp_path, kb, multilingual):
    write_docs(tmp_path / "raw.spacy", [make_bitext(multilingual, {"en": "Ada", "de": "Ada"})])
    result = run(tmp_path / "raw.spacy", kb, "--output", tmp_path / "labels.spacy")
    assert result.exit_code == 1
    assert "has no alignment" in result.output
    assert not (tmp_path / "labels.spacy").exists()


def test_an_unknown_method_ends_with_one_line(tmp_path, kb, aligned):
    result = run(aligned, kb, "--output", tmp_path / "labels.spacy", "--method", "guess")
    assert result.exit_code == 1
    assert "'guess' is not a labelling method" in result.output


def test_names_that_a_language_lacks_are_written_for_review(aligned, kb, tmp_path):
    """Its German names lack London, which the English side knows."""
    result = run(aligned, kb, "--output", tmp_path / "labels.spacy", "--learn", tmp_path / "learned")
    assert "1 names and 0 endings learned" in " ".join(result.output.split())
    table = (tmp_path / "learned" / "entities.tsv").read_text().splitlines()
    assert table == ["id\ttypes\tlang\tname\tcount", "london\t\tde\tLondon\t4"]


def test_names_can_be_held_to_what_a_pipeline_confirms(aligned, kb, tmp_path, multilingual):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "Paris"}])
    nlp.to_disk(tmp_path / "english")
    output = tmp_path / "labels.spacy"
    result = run(aligned, kb, "--output", output, "--method", "monolingual", "--confirm", f"en={tmp_path / 'english'}")
    assert result.exit_code == 0, result.output
    texts = {get_language(doc): [ent.text for ent in doc.ents] for doc in read_docs(output, multilingual.vocab)}
    assert texts == {"en": ["Paris"], "de": ["Ada", "Paris"]}


@pytest.mark.parametrize(("given", "code"), [("en", "X610"), ("en=", "X610"), ("en=no_such_pipeline", "X611")])
def test_a_pipeline_that_is_none_is_named(aligned, kb, tmp_path, given, code):
    result = run(aligned, kb, "--output", tmp_path / "labels.spacy", "--confirm", given)
    assert result.exit_code == 1
    assert code in result.stderr


def test_of_a_few_bitexts_one_is_held_out(tmp_path, kb, aligned, multilingual):
    assert run(aligned, kb, "--output", tmp_path / "train.spacy", "--dev", tmp_path / "dev.spacy").exit_code == 0
    assert len(list(read_docs(tmp_path / "train.spacy", multilingual.vocab))) == 6
    assert len(list(read_docs(tmp_path / "dev.spacy", multilingual.vocab))) == 2


def test_a_single_bitext_cannot_be_held_out(tmp_path, kb, aligned, multilingual):
    write_docs(tmp_path / "one.spacy", [next(read_docs(aligned, multilingual.vocab))])
    result = run(tmp_path / "one.spacy", kb, "--output", tmp_path / "train.spacy", "--dev", tmp_path / "dev.spacy")
    assert result.exit_code == 1
    assert "[X615]" in result.output


def test_what_is_held_out_is_not_written_over_the_labels(tmp_path, kb, aligned):
    result = run(aligned, kb, "--output", tmp_path / "labels.spacy", "--dev", tmp_path / "." / "labels.spacy")
    assert result.exit_code == 1
    assert "[X618]" in result.output
    assert not (tmp_path / "labels.spacy").exists()
