"""Check that the installed package xx_relations finds relations in a sentence of each language; run it elsewhere."""

import sys

import spacy

SENTENCES = {
    "en": "Marie Curie was born in Warsaw.",
    "de": "Marie Curie wurde in Warschau geboren.",
    "es": "Marie Curie nació en Varsovia.",
    "fr": "Marie Curie est née à Varsovie.",
    "zh": "玛丽·居里出生于华沙。",
}

nlp = spacy.load("xx_relations")
silent = []
for lang, sentence in SENTENCES.items():
    relations = [(r.head.text, r.label, r.tail.text, round(r.score, 2)) for r in nlp(sentence)._.relations]
    sys.stdout.write(f"{lang} {sentence} {relations}\n")
    if not relations:
        silent.append(lang)
if silent:
    sys.exit(f"no relation was found in: {', '.join(silent)}")
