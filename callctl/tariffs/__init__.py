"""Tariffs in force: from folders and from the store, loaded while calls run."""
