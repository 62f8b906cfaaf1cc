"""The factory `xlre_relation`: its default settings, and how spaCy makes the component from a config."""

from typing import Dict, Optional

from spacy.language import Language
from thinc.api import Config

from ..ml.relations.losses import Loss
from ..ml.relations.model import RelationModel
from .candidates import CandidateGetter
from .relation import RelationExtractor, Scorer

DEFAULT_CONFIG = Config().from_str(
    """
[xlre_relation]
exclusive = true
one_direction = false
threshold = 0.5
na_weight = 1.0
use_gold_ents = true
adversarial = 0.0
consistency = 0.0
loss = null

[xlre_relation.offsets]

[xlre_relation.label_weights]

[xlre_relation.candidates]
@misc = "spacy_xlre.candidates.v1"
max_distance = 128
sentence_window = 0
context = 64
max_pairs = 2000
types = {}
symmetric = []
inverse = {}

[xlre_relation.scorer]
@scorers = "spacy_xlre.relation_scorer.v1"

[xlre_relation.model]
@architectures = "spacy_xlre.RelationModel.v1"
nO = null

[xlre_relation.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

[xlre_relation.model.pair_vectors]
@architectures = "spacy_xlre.PairVectors.v1"
type_width = 32
type_rows = 512
distance_width = 16
attention_heads = 4
attention_width = 32
entity_dropout = 0.0

[xlre_relation.model.classifier]
@architectures = "spacy_xlre.PairClassifier.v1"
hidden_width = 256
output_scale = 1.0
nO = null
"""
)


@Language.factory(
    "xlre_relation",
    requires=["doc.ents"],
    assigns=["doc._.relations"],
    default_config=DEFAULT_CONFIG["xlre_relation"],
    default_score_weights={
        "rel_micro_f": 1.0,
        "rel_micro_p": 0.0,
        "rel_micro_r": 0.0,
        "rel_macro_f": 0.0,
        "rel_candidate_recall": None,
        "rel_per_type": None,
        "rel_per_language": None,
    },
)
def make_relation(
    nlp: Language,
    name: str,
    model: RelationModel,
    candidates: CandidateGetter,
    exclusive: bool,
    one_direction: bool,
    threshold: float,
    offsets: Dict[str, float],
    na_weight: float,
    label_weights: Dict[str, float],
    use_gold_ents: bool,
    adversarial: float,
    consistency: float,
    loss: Optional[Loss],
    scorer: Optional[Scorer],
) -> RelationExtractor:
    """Build the component; see `RelationExtractor`."""
    return RelationExtractor(
        nlp.vocab,
        model,
        name,
        candidates=candidates,
        exclusive=exclusive,
        one_direction=one_direction,
        threshold=threshold,
        offsets=offsets,
        na_weight=na_weight,
        label_weights=label_weights,
        use_gold_ents=use_gold_ents,
        adversarial=adversarial,
        consistency=consistency,
        loss=loss,
        scorer=scorer,
    )
