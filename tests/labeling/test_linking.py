"""What an ambiguous name means by the other names of the text, and names that a pipeline confirms."""

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_xlre.kb import KnowledgeBase, Mention, build_kb
from spacy_xlre.labeling.linking import Coherence, PipelineFilter
from spacy_xlre.tokens.blank import blank_multilingual


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder: Path = tmp_path_factory.mktemp("kb")
    ids = ("texas", "paris-texas", "paris", "france")
    (folder / "e.jsonl").write_text("".join(f'{{"id": "{id}", "names": {{"en": ["{id}"]}}}}\n' for id in ids))
    (folder / "f.tsv").write_text("paris-texas\tP131\ttexas\nfrance\tP36\tparis\n")
    (folder / "p.jsonl").write_text('{"id": "P131"}\n{"id": "P36"}\n')
    build_kb(*(folder / name for name in ("e.jsonl", "f.tsv", "p.jsonl")), folder / "kb")
    return KnowledgeBase.open(folder / "kb")


def mention(start: int, **candidates: float) -> Mention:
    found = [(id.replace("_", "-"), prior) for id, prior in candidates.items()]
    return Mention(start, start + 1, sorted(found, key=lambda item: -item[1]), "name")


AMBIGUOUS = mention(0, paris=0.8, paris_texas=0.2)


def test_a_candidate_gains_by_facts_with_sure_names_of_any_language(kb: KnowledgeBase):
    weighed = Coherence(kb, 9.0)({"en": [AMBIGUOUS], "de": [mention(7, texas=1.0)]})
    assert weighed["en"][0].candidates == [("paris-texas", pytest.approx(2 / 2.8)), ("paris", pytest.approx(0.8 / 2.8))]
    assert weighed["de"] == [mention(7, texas=1.0)]


def test_names_that_are_ambiguous_themselves_and_weight_0_decide_nothing(kb: KnowledgeBase):
    unsure = mention(4, texas=0.6, france=0.4)
    assert Coherence(kb, 9.0)({"en": [AMBIGUOUS, unsure]})["en"][0] == AMBIGUOUS
    assert Coherence(kb, 0.0)({"en": [AMBIGUOUS, mention(4, texas=1.0)]})["en"][0] == AMBIGUOUS


@given(prior=st.floats(0.05, 0.95), weight=st.floats(0, 50))
def test_priors_still_add_up_to_one_and_a_supported_candidate_never_loses(kb, prior, weight):
    name = mention(0, paris=prior, paris_texas=1 - prior)
    (weighed, _) = Coherence(kb, weight)({"en": [name, mention(4, france=1.0)]})["en"]
    assert sum(share for _, share in weighed.candidates) == pytest.approx(1)
    assert dict(weighed.candidates)["paris"] >= prior - 1e-9


TEXT = "May saw Paris in May"


def mentions_of(doc: Doc):
    return [mention(token.i, x=1.0) for token in doc if token.text in ("May", "Paris")]


def kept(nlp, lang: str = "en"):
    doc = blank_multilingual()(TEXT)
    return [found.start for found in PipelineFilter({"en": nlp})(lang, doc[:], mentions_of(doc))]


def test_names_that_overlap_an_entity_are_confirmed():
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "May saw"}, {"label": "LOC", "pattern": "Paris"}])
    assert kept(nlp) == [0, 2]


def test_without_entities_proper_nouns_are_confirmed():
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("attribute_ruler")
    ruler.add([[{"ORTH": "Paris"}]], {"POS": "PROPN"})
    ruler.add([[{"ORTH": {"NOT_IN": ["Paris"]}}]], {"POS": "NOUN"})
    assert kept(nlp) == [2]


def test_all_names_are_kept_where_no_pipeline_can_say():
    assert kept(spacy.blank("en")) == [0, 2, 4]
    assert kept(spacy.blank("en"), lang="de") == [0, 2, 4]


def test_positions_are_those_of_the_segment():
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Paris"}])
    doc = blank_multilingual()(TEXT)
    found = PipelineFilter({"en": nlp})("en", doc[1:], mentions_of(doc)[1:])
    assert [name.start for name in found] == [2]
