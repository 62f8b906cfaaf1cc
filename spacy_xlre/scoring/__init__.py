"""Metrics as pure functions, and the registered scorers."""
