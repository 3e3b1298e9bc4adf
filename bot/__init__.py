"""Steward keeps the chat of a local party decent. The map of the house: bot/README.md."""
