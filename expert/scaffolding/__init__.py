"""A plugin to begin with: files of a package whose tests pass, from templates beside this module."""
