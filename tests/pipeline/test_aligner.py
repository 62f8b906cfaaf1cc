import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import get_alignment, get_segments, make_bitext

TEXTS = {
    "en": "Ada was born in London. She lived in Paris.",
    "de": "Ada wurde in London geboren. Sie lebte in Paris.",
    "zh": "阿达出生于伦敦。她住在巴黎。",
}


@pytest.fixture(params=["softmax", "argmax"])
def nlp(request, multilingual, tiny_encoder_folder):
    config = {"encoder": str(tiny_encoder_folder), "layer": 1, "method": request.param}
    multilingual.add_pipe("xlre_aligner", config=config)
    return multilingual


def aligned(nlp, texts=TEXTS):
    return nlp(make_bitext(nlp, texts))


def rows(doc):
    return [
        [pair.source.label_, pair.target.label_, *((li.source, li.target, round(li.prob, 4)) for li in pair.links)]
        for pair in get_alignment(doc).pairs
    ]


def test_every_pair_of_segments_gets_beads_and_links_within_bounds(nlp):
    doc = aligned(nlp)
    pairs = get_alignment(doc).pairs
    assert len(pairs) == 3
    for pair in pairs:
        assert pair.links
        assert all(0 <= li.source < len(pair.source) and 0 <= li.target < len(pair.target) for li in pair.links)
        assert all(0.0 <= item.prob <= 1.0 for item in (*pair.links, *pair.beads))
        covered = [token for bead in pair.beads for token in range(*bead.source)]
        assert covered == list(range(len(pair.source)))


def test_sentence_starts_are_set_in_every_segment(nlp):
    doc = aligned(nlp)
    for segment in get_segments(doc).values():
        assert segment[0].is_sent_start
        assert sum(bool(token.is_sent_start) for token in segment) == 2


def test_the_order_and_size_of_batches_do_not_matter(nlp):
    texts = [TEXTS, {"en": "Ada.", "de": "Ada."}, {"en": TEXTS["en"] * 3, "zh": TEXTS["zh"]}]
    one_by_one = [rows(aligned(nlp, text)) for text in texts]
    together = [rows(doc) for doc in nlp.pipe([make_bitext(nlp, text) for text in reversed(texts)], batch_size=3)]
    for left, right in zip(one_by_one, reversed(together)):
        assert [row[:2] for row in left] == [row[:2] for row in right]
        assert [[link[:2] for link in row[2:]] for row in left] == [[link[:2] for link in row[2:]] for row in right]


def test_what_is_no_bitext_passes_untouched(nlp):
    doc = nlp("Ada was born in London.")
    assert get_alignment(doc) is None
    assert not doc.has_annotation("SENT_START")


def test_identical_texts_project_to_themselves(nlp):
    doc = aligned(nlp, {"en": "Ada was born in London.", "de": "Ada was born in London."})
    source, target = get_segments(doc).values()
    projection = get_alignment(doc).between("en", "de").project(source[4:5])
    assert projection.span is not None
    assert projection.span.text == target[4:5].text
    assert 0.0 < projection.score <= 1.0


@pytest.mark.parametrize(
    "texts",
    [
        {"en": "Ada", "de": "wort " * 500},
        {"en": "👩‍👧 é", "de": "é 👩‍👧"},
        {"en": "\u200b\u200b x", "de": "x"},
        {"zh": "阿达出生于伦敦" * 200, "ja": "阿达出生于伦敦" * 200},
    ],
)
def test_odd_texts_are_aligned_without_losing_the_doc(nlp, texts):
    doc = aligned(nlp, texts)
    (pair,) = get_alignment(doc).pairs
    assert all(li.source < len(pair.source) and li.target < len(pair.target) for li in pair.links)


def test_alignments_survive_docbin(nlp):
    doc = aligned(nlp)
    (back,) = DocBin(docs=[doc]).get_docs(nlp.vocab)
    assert rows(back) == rows(doc)


def test_a_stored_pipeline_needs_no_encoder_beside_it(nlp, tmp_path):
    expected = rows(aligned(nlp))
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert rows(aligned(loaded)) == expected


def test_an_unknown_method_is_refused(multilingual):
    with pytest.raises(XlreError, match="guess"):
        multilingual.add_pipe("xlre_aligner", config={"method": "guess"})


def test_the_command_aligns_a_file_and_a_second_run_gives_the_same(tmp_path, multilingual, tiny_encoder_folder):
    write_docs(tmp_path / "in.spacy", [make_bitext(multilingual, TEXTS)] * 3)
    (tmp_path / "aligner.cfg").write_text("[aligner]\nlayer = 1\n")
    words = ["align", tmp_path / "in.spacy", tmp_path / "out.spacy", "--encoder", tiny_encoder_folder]
    words += ["--config", tmp_path / "aligner.cfg", "--shard", 2]
    for _ in range(2):
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
    docs = list(read_docs(tmp_path / "out.spacy", multilingual.vocab))
    assert len(docs) == 3
    assert all(get_alignment(doc) is not None for doc in docs)


def test_an_interrupted_run_leaves_no_output_and_goes_on(tmp_path, multilingual, tiny_encoder_folder, monkeypatch):
    from spacy_xlre.pipeline.aligner import Aligner

    write_docs(tmp_path / "in.spacy", [make_bitext(multilingual, TEXTS) for _ in range(4)])
    (tmp_path / "aligner.cfg").write_text("[aligner]\nlayer = 1\n")
    words = ["align", tmp_path / "in.spacy", tmp_path / "out.spacy", "--encoder", tiny_encoder_folder]
    words += ["--config", tmp_path / "aligner.cfg", "--shard", 1]
    words = [str(word) for word in words]
    whole, calls = Aligner._align, []

    def interrupted(self, docs):
        calls.append(len(docs))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(self, docs)

    monkeypatch.setattr(Aligner, "_align", interrupted)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert "interrupted" in result.output
    assert not (tmp_path / "out.spacy").exists()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert sum(calls) == 5
    assert len(list(read_docs(tmp_path / "out.spacy", multilingual.vocab))) == 4
