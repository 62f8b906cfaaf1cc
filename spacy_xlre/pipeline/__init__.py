"""The two factories, xlre_aligner and xlre_relation: Docs in, annotated Docs out."""
