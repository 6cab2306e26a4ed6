"""Files in: people, accounts, contracts and what belongs to them, read strictly and stored in versions."""
