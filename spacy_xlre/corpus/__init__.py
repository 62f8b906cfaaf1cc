"""Files to Docs and back: one module a format, and the training readers."""
