"""How fast the rating core is, by itself: no Asterisk, no database, one core.

Rule 1: figures are printed, never asserted, each with its ratio to the machine's own yardstick: a plain
        look-up in a dictionary. Between machines only the ratios mean anything.
Rule 2: the work is the same in every run: what is random comes from a seed.
"""
