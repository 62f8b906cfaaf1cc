"""Typer commands, thin: arguments in, one call, a clear message out."""
