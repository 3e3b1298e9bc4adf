"""The command line. `app.py` has all commands, `scoring.py` the one that has to begin at once."""
