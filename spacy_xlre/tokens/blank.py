"""The blank pipeline of all our steps, so that every step cuts text into the same tokens."""

import spacy
from spacy.language import Language

TOKENIZER = {"@tokenizers": "spacy_xlre.MultilingualTokenizer.v1", "elisions": True}


def blank_multilingual() -> Language:
    """Return a blank `xx` pipeline with the multilingual tokenizer, as the commands and `configs/` use it."""
    return spacy.blank("xx", config={"nlp": {"tokenizer": dict(TOKENIZER)}})
