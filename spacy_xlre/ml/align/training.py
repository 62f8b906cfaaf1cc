"""Training of an aligner's word layers: what it learns from, and its losses.

The layers just below the word vectors are copied, and the copies learn; what lies below them, and the layers that make
sentence vectors, stay as they are. So P(s,t) and beads do not change with training, and the lower layers run once.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import numpy

from ...errors import Errors, fail
from .encoder import AlignmentEncoder
from .methods import LinkSettings
from .types import TokenOffsets

MASKED = -1e4
# Temperature of the contrast between parallel and other texts of a batch.
PARALLEL_TEMPERATURE = 0.05
LOSSES = ("supervised", "self_training", "parallel")


@dataclass(frozen=True)
class TrainingPair:
    """Two texts that say the same, such as the two sides of a bead.

    source, target (str): The texts.
    source_tokens, target_tokens (Sequence[Tuple[int, int]]): Character ranges of their tokens.
    links (Optional[Set[Tuple[int, int]]]): Token pairs that are known to be linked, none else being so; None if
        nothing is known.
    """

    source: str
    target: str
    source_tokens: TokenOffsets
    target_tokens: TokenOffsets
    links: Optional[Set[Tuple[int, int]]] = None


class _Row(NamedTuple):
    """A text as word pieces: all ids, the places of those that belong to tokens, and their token ranges."""

    ids: List[int]
    places: Any
    first: Any
    last: Any


class WordTrainer:
    """Computes losses of an encoder's word layers; the gradients stay in `encoder.word_module`.

    encoder (AlignmentEncoder): An encoder with word layers.
    weights (Mapping[str, float]): How much each of the `LOSSES` counts; one that is missing does not. "supervised":
        cross-entropy of known links, both ways. "self_training": raises the probability of the links that the model
        itself finds in both directions (Dou and Neubig 2021, "awesome-align"), for pairs without known ones.
        "parallel": tells parallel texts from the others of the batch by the mean of their word vectors.
    settings (LinkSettings): Temperature, null word, and the threshold or least probability of links for self-training.
    cache_mb (int): Megabytes for the outputs of the layers that do not learn.
    RAISES (XlreError): If there is no such loss.
    """

    def __init__(
        self, encoder: AlignmentEncoder, weights: Mapping[str, float], settings: LinkSettings, cache_mb: int
    ) -> None:
        for name in weights:
            if name not in LOSSES:
                raise fail(Errors.X408, name=name, names=", ".join(LOSSES))
        self.encoder = encoder
        self.weights = weights
        self.settings = settings
        self._kept: Dict[Tuple[int, ...], Any] = {}
        self._room = cache_mb * 1_000_000

    def loss(self, pairs: Sequence[TrainingPair], dropout: float = 0.0) -> float:
        """Add the gradients of a batch, and return its loss.

        pairs (Sequence[TrainingPair]): Pairs; those beyond the encoder's window are left out.
        dropout (float): The dropout rate of the layers that learn.
        RETURNS (float): The weighted sum of the losses, each a mean over pairs; 0.0 if there was nothing to learn.
        """
        import torch

        kept = [(pair, rows) for pair, rows in zip(pairs, self._rows(pairs)) if rows is not None]
        if not kept:
            return 0.0
        source, target = self._vectors([row for _, rows in kept for row in rows], dropout)
        source_mask, target_mask = ((side.abs().sum(2) > 0) for side in (source, target))
        logits = source @ target.transpose(1, 2) / self.settings.temperature
        logits = logits.masked_fill(~(source_mask[:, :, None] & target_mask[:, None, :]), MASKED)
        parts: List[Any] = []
        known = [index for index, (pair, _) in enumerate(kept) if pair.links is not None]
        unknown = [index for index, (pair, _) in enumerate(kept) if pair.links is None]
        if known and self.weights.get("supervised"):
            gold = self._gold([kept[index] for index in known], logits.shape[1:]).to(logits.device)
            loss = self._supervised(logits[known], gold, source_mask[known], target_mask[known])
            parts.append(self.weights["supervised"] * loss * len(known) / len(kept))
        if unknown and self.weights.get("self_training"):
            loss = self._self_training(logits[unknown], source_mask[unknown], target_mask[unknown])
            parts.append(self.weights["self_training"] * loss * len(unknown) / len(kept))
        if len(kept) > 1 and self.weights.get("parallel"):
            parts.append(self.weights["parallel"] * _parallel(source, target))
        if not parts:
            return 0.0
        total = torch.stack(parts).sum()
        total.backward()
        return float(total.detach())

    def _rows(self, pairs: Sequence[TrainingPair]) -> List[Optional[Tuple[_Row, _Row]]]:
        texts = [text for pair in pairs for text in (pair.source, pair.target)]
        offsets = [tokens for pair in pairs for tokens in (pair.source_tokens, pair.target_tokens)]
        rows = []
        for ids, first, last, start in self.encoder.training_rows(texts, offsets):
            places = numpy.flatnonzero(last > first)
            rows.append(_Row(ids, places + start, first[places], last[places]))
        found: List[Optional[Tuple[_Row, _Row]]] = []
        for left, right in zip(rows[::2], rows[1::2]):
            fits = max(len(left.ids), len(right.ids)) <= self.encoder.max_row and len(left.places) and len(right.places)
            found.append((left, right) if fits else None)
        return found

    def _vectors(self, rows: Sequence[_Row], dropout: float) -> Tuple[Any, Any]:
        """Return the unit vectors of the pieces on tokens of sources and targets, padded with zeros."""
        import torch

        layered, module = self.encoder.layered, self.encoder.word_module
        ids, mask = layered.pad([row.ids for row in rows])
        states = self._lower(rows, ids, mask)
        for part in module.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = dropout
            elif hasattr(part, "dropout_prob"):  # attention in one call has no layer for it
                part.dropout_prob = dropout
        module.train()
        hidden = layered.run(layered.hidden(states, mask), list(module)).states
        module.eval()
        chosen = [hidden[index, torch.as_tensor(row.places)] for index, row in enumerate(rows)]
        unit = [torch.nn.functional.normalize(part, dim=-1) for part in chosen]
        pad = torch.nn.utils.rnn.pad_sequence
        return pad(unit[::2], batch_first=True), pad(unit[1::2], batch_first=True)

    def _lower(self, rows: Sequence[_Row], ids: Any, mask: Any) -> Any:
        """Return the outputs of the layers that do not learn, from what was kept if all of it was."""
        import torch

        keys = [tuple(row.ids) for row in rows]
        if all(key in self._kept for key in keys):
            return torch.nn.utils.rnn.pad_sequence([self._kept[key] for key in keys], batch_first=True)
        layered = self.encoder.layered
        shared = (layered.layers or [])[: layered.layer - len(self.encoder.word_layers)]
        with torch.no_grad():
            states = layered.run(layered.embed(ids, mask), shared).states
        for key, row in zip(keys, states):
            size = len(key) * row.shape[1] * row.element_size()
            if key not in self._kept and size <= self._room:
                self._kept[key] = row[: len(key)].clone()
                self._room -= size
        return states

    def _gold(self, pairs: Sequence[Tuple[TrainingPair, Tuple[_Row, _Row]]], shape: Sequence[int]) -> Any:
        """Return 1 for pieces of linked tokens, shape (n_pairs, n_source, n_target)."""
        import torch

        gold = torch.zeros((len(pairs), *shape))
        for index, (pair, (source, target)) in enumerate(pairs):
            tokens = numpy.zeros((len(pair.source_tokens) + 1, len(pair.target_tokens) + 1))
            for i, j in pair.links or ():
                tokens[i + 1, j + 1] = 1.0
            sums = tokens.cumsum(0).cumsum(1)
            rows, columns = (source.first, source.last), (target.first, target.last)
            found = sums[rows[1]][:, columns[1]] - sums[rows[0]][:, columns[1]]
            found += sums[rows[0]][:, columns[0]] - sums[rows[1]][:, columns[0]]
            gold[index, : found.shape[0], : found.shape[1]] = torch.from_numpy((found > 0).astype("float32"))
        return gold

    def _log_probs(self, logits: Any) -> Tuple[Any, Any]:
        """Return log probabilities of targets given the source and back, the null word last in each direction."""
        import torch

        if self.settings.null is None:
            return logits.log_softmax(2), logits.log_softmax(1)
        null = torch.full_like(logits[:, :, :1], self.settings.null / self.settings.temperature)
        forward = torch.cat([logits, null], 2).log_softmax(2)
        null = torch.full_like(logits[:, :1], self.settings.null / self.settings.temperature)
        return forward, torch.cat([logits, null], 1).log_softmax(1)

    def _supervised(self, logits: Any, gold: Any, source: Any, target: Any) -> Any:
        """Return -log of the probability that each piece gives to its links, or to the null word if it has none."""
        forward, backward = self._log_probs(logits)
        return self._one_way(forward, gold, source) + self._one_way(
            backward.transpose(1, 2), gold.transpose(1, 2), target
        )

    def _one_way(self, log_probs: Any, gold: Any, mask: Any) -> Any:
        words = log_probs[:, :, : gold.shape[2]]
        linked = (gold.sum(2) > 0) & mask
        loss = -(words.masked_fill(gold == 0, MASKED).logsumexp(2) * linked).sum()
        if self.settings.null is not None:
            loss = loss - (log_probs[:, :, -1] * (mask & ~linked)).sum()
        return loss / mask.sum()

    def _self_training(self, logits: Any, source: Any, target: Any) -> Any:
        """Return minus the mean probability of the model's own links."""
        forward, backward = self._log_probs(logits)
        forward = forward[:, :, : logits.shape[2]].exp()
        backward = backward[:, : logits.shape[1]].exp()
        threshold = max(self.settings.threshold, self.settings.min_prob)
        links = ((forward > threshold) & (backward > threshold)).detach()
        sums = (links * forward).sum((1, 2)) / source.sum(1) + (links * backward).sum((1, 2)) / target.sum(1)
        return -sums.mean()


def _parallel(source: Any, target: Any) -> Any:
    """Return the cross-entropy of picking each text's translation in the batch, both ways."""
    import torch

    means = [torch.nn.functional.normalize(side.sum(1), dim=-1) for side in (source, target)]
    logits = means[0] @ means[1].T / PARALLEL_TEMPERATURE
    truth = torch.arange(len(logits), device=logits.device)
    entropy = torch.nn.functional.cross_entropy
    return (entropy(logits, truth) + entropy(logits.T, truth)) / 2
