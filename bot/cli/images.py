"""`steward images`: hashes of images for a bank, and a harmless image to see that known images are found.

Knows: how an image is hashed. Must not know: policies, platforms.
Rules: no image is ever shown or kept; what is printed can be copied into a bank as it stands.
"""

from pathlib import Path
from typing import Annotated

import typer

from bot.images import draw_card, hash_of_file

images_app = typer.Typer(
    no_args_is_help=True, help="Images that a policy knows. Needs pip install 'steward-bot[images]'.", rich_markup_mode=None
)


@images_app.command("hash")
def images_hash(files: Annotated[list[Path], typer.Argument(help="Images. They stay where they are, and none is shown.")]) -> None:
    """Print the hash of each image, to put into a bank of images."""
    for path in files:
        typer.echo(f"{hash_of_file(path)}  {path}")


@images_app.command("card")
def images_card(file: Annotated[Path, typer.Argument(help="The PNG to write. It must not exist yet.")]) -> None:
    """Write the test card: a harmless image that the shipped policy knows. Post it as a moderator, and a card has to come."""
    draw_card(file)
    typer.echo(f"{file} is written. A moderator who posts it gets a card in the moderators' channel, and nothing else happens.")
