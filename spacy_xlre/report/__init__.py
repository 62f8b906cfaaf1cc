"""Tables for people: Markdown and JSON."""
