"""Relation models: token vectors and candidate pairs in, logits out, every backward written by hand and exact.

The road: `pairs` (arrays that say which entities form pairs) -> `pair_vectors` (one vector a pair, made of `segments`,
`attention` and `features`) -> `classifier` (logits) -> `losses`. `model` joins them behind a tok2vec.
"""
