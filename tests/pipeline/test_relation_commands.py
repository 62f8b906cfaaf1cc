"""spaCy's own commands on pipelines with relations: init labels, train, evaluate, find-threshold."""

import pytest
import spacy
import srsly
from spacy.cli._util import app
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import DocBin
from thinc.api import Config, fix_random_seed
from typer.testing import CliRunner

from spacy_xlre.errors import XlreError

from .relation_toys import SMALL_MODEL, TOYS, make_pipeline, make_reference, train

TRAINING = {
    "max_steps": 30,
    "eval_frequency": 10,
    "batcher": {"@batchers": "spacy.batch_by_sequence.v1", "size": 8},
    "optimizer": {"@optimizers": "Adam.v1", "learn_rate": 0.01},
}
PATTERNS = [
    {"label": label, "pattern": word}
    for label, words in {"PER": ["Ada", "Bob"], "LOC": ["Paris", "Rome", "Berlin"]}.items()
    for word in words
]


@pytest.fixture
def data(tmp_path):
    nlp = spacy.blank("xx")
    docs = [make_reference(nlp.vocab, toy) for toy in TOYS if toy[0]]
    DocBin(docs=docs).to_disk(tmp_path / "data.spacy")
    return tmp_path / "data.spacy"


@pytest.fixture
def config(tmp_path, data):
    corpora = {name: {"@readers": "spacy.Corpus.v1", "path": str(data)} for name in ("train", "dev")}
    config = make_pipeline().config.merge({"training": TRAINING, "corpora": corpora})
    config.to_disk(tmp_path / "config.cfg")
    return tmp_path / "config.cfg"


@pytest.fixture
def trained(tmp_path):
    fix_random_seed(0)
    nlp = make_pipeline()
    train(nlp)
    nlp.add_pipe("entity_ruler", first=True).add_patterns(PATTERNS)
    nlp.to_disk(tmp_path / "trained")
    return tmp_path / "trained"


def invoke(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output


def test_init_labels_writes_what_initialize_reads(config, tmp_path):
    invoke("init", "labels", config, tmp_path / "labels")
    assert srsly.read_json(tmp_path / "labels" / "xlre_relation.json") == ["born", "died", "spouse"]


def test_train_and_evaluate_report_our_scores(config, data, tmp_path):
    invoke("train", config, "--output", tmp_path / "out")
    meta = srsly.read_json(tmp_path / "out" / "model-last" / "meta.json")
    assert {"rel_micro_f", "rel_per_type", "rel_per_language"} <= set(meta["performance"])
    invoke("evaluate", tmp_path / "out" / "model-last", data, "--output", tmp_path / "scores.json", "--per-component")
    scores = srsly.read_json(tmp_path / "scores.json")["xlre_relation"]
    assert scores["rel_micro_r"] == 0.0, "a pipeline that finds no entities finds no relations"
    assert scores["rel_candidate_recall"] == 0.0


def test_find_threshold_tries_thresholds(trained, data):
    best, score, scores = find_threshold(str(trained), data, "xlre_relation", "threshold", "rel_micro_f", n_trials=3)
    assert score == scores[best] == 1.0
    assert scores[1.0] == 0.0
    assert len(set(scores.values())) > 1


def test_the_config_holds_every_setting_and_fills_itself(tmp_path):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation", config={"model": SMALL_MODEL})
    settings = nlp.config["components"]["xlre_relation"]
    assert settings["threshold"] == 0.5
    assert settings["candidates"]["@misc"] == "spacy_xlre.candidates.v1"
    nlp.config.to_disk(tmp_path / "config.cfg")
    invoke("init", "fill-config", tmp_path / "config.cfg", tmp_path / "filled.cfg")
    assert Config().from_disk(tmp_path / "filled.cfg")["components"]["xlre_relation"] == settings


def test_losses_are_chosen_by_name():
    loss = {"@misc": "spacy_xlre.cross_entropy.v1", "label_smoothing": 0.2}
    plain, smoothed = train(make_pipeline()), train(make_pipeline(loss=loss))
    assert smoothed["xlre_relation"] > 1.0 > plain["xlre_relation"]


@pytest.mark.parametrize(("exclusive", "loss"), [(True, "binary_cross_entropy"), (False, "cross_entropy")])
def test_a_loss_for_the_other_mode_is_refused(exclusive, loss):
    with pytest.raises(XlreError, match="X306"):
        make_pipeline(exclusive=exclusive, loss={"@misc": f"spacy_xlre.{loss}.v1"})
