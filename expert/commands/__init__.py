"""The command ``expert``: one module for each subcommand or family of them."""
