"""Slack edge: view-models in, Block Kit out; payloads in, commands out. It holds no state and knows no store."""
