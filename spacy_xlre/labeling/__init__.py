"""Docs and a knowledge base in, weighted relation labels out."""
