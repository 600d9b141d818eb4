"""Russia's days and hours: which are worked, and how late it is where."""
