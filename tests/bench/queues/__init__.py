"""Cuts beside a crowd: hundreds wait in one queue, hundreds press keys in menus, while others' money ends.

Rule 1: the same cuts run alone, beside a short line and beside the crowd, in this order, on one stack.
Rule 2: the crowd stands before the first of those calls is placed, and until the last of them is cut.
"""
