"""The language of conditions: the nodes that are stored and the handles authors write with."""
