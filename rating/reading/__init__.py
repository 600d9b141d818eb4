"""Reading an operator from its files, with everything that is wrong in them. Pure."""
