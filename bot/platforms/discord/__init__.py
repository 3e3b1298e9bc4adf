"""Discord: the bot, its commands and its cards, and the doctor that looks after its setup."""
