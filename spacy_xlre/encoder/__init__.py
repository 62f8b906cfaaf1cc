"""The embedded encoder: unpacking, trimming and fetching. Files in, a Hugging Face folder out."""
