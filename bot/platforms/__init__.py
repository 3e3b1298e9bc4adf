"""The platforms: each translates and performs. They do not know each other, and never judge."""
