"""Who waits, who is free, who is offered to whom. Pure."""
