"""From a table of logged numbers to the histories of the runs it holds."""
