"""`python -m bot` and the command `steward`."""

import sys


def main() -> None:
    """Run the command line; `steward score` without loading the rest of the house."""
    if sys.argv[1:2] == ["score"]:
        from bot.cli.scoring import main as run  # noqa: PLC0415 - the first score within a second of the start
    else:
        from bot.cli.app import main as run  # noqa: PLC0415
    run()


if __name__ == "__main__":
    main()
