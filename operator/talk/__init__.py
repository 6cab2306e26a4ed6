"""Conversation: a message is read, answered from stored facts, and posted as a reply."""
