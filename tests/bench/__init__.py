"""How fast it is, side by side: plain `Dial`, a bare ARI application, callctl with rating and ledger.

Rule 1: figures are printed, never asserted: on a shared machine only the ratios mean anything.
Rule 2: the three ways run in turn, never at once, on the same build and configuration of Asterisk.
"""
