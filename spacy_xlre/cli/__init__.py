"""Typer commands, thin: arguments in, one call, a clear message out. `plugin` puts them under spaCy's command line."""
