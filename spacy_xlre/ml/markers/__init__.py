"""Marker encoders: a transformer of its own for relations, which reads each pair between markers at its entities.

The road: `packing` (texts and pairs to rows of word pieces and markers) -> `transformer` (rows to one vector a pair) ->
`model` (with features and a classifier, to logits).
"""
