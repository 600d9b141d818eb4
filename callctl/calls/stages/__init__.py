"""What a call does for one step of its scheme, until the step has an outcome."""
