"""`python -m bot` and the command `steward`."""

from bot.cli import main

if __name__ == "__main__":
    main()
