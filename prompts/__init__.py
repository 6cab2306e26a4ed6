"""What we say to a model: one Markdown file a prompt, read by ``loader``."""
