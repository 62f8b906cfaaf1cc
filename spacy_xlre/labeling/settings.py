"""The settings of distant labelling, each with what it does; chosen on development documents."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["agreement", "monolingual"]


@dataclass(frozen=True)
class LabelingSettings:
    """How mentions become weighted labels.

    method (str): "agreement" lets the languages of a bitext vote on mentions, adds mentions that one language's names
        miss, and weighs labels; "monolingual" looks names up in each language alone, all labels of weight 1.
    inflection (bool): Whether names are found with the endings of their language, too.
    coherence (float): How much the candidate of an ambiguous name gains for each other entity of the text with which it
        has a fact (see `linking.Coherence`). 0 for nothing.
    min_link_share (float): A mention's counterpart holds at least this share of the mention's link probability.
    alone (float): Factor on the score of a mention that no other language confirms or contradicts.
    min_agreement (float): A mention whose entity gets less than this share of the votes is dropped.
    min_projection (float): A mention is added where the projections onto it sum to at least this score.
    min_weight (float): A label below this weight becomes unknown instead.
    max_statements (int): In how many sentences of a text a fact is labelled, the first ones. Later sentences that
        mention both entities hardly ever state it again: there the pair is unknown.
    max_texts (int): In how many texts of a corpus a fact is labelled, so that famous pairs do not drown the rest; in
        the others it is unknown.
    max_gap (int): Most tokens between two entities that are labelled. The fact of a pair further apart is seldom
        stated, so that pair is unknown, too.
    na_functional (float): NA weight where every property that fits the types is functional and has another value.
    na_described (float): NA weight where both entities have at least `described_facts` facts.
    na_sparse (float): NA weight where little is known of one of them; 0 makes the pair unknown.
    described_facts (int): How many facts make an entity well described.
    """

    method: Method = "agreement"
    inflection: bool = True
    coherence: float = 0.0
    min_link_share: float = 0.5
    alone: float = 0.5
    min_agreement: float = 0.34
    min_projection: float = 0.3
    min_weight: float = 0.1
    max_statements: int = 1
    max_texts: int = 100
    max_gap: int = 20
    na_functional: float = 1.0
    na_described: float = 1.0
    na_sparse: float = 0.95
    described_facts: int = 2
