"""How well: datasets, scorers and suites. They come with the conversation."""
