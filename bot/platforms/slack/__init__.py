"""Slack: the platform, its connection, what can be done there."""
