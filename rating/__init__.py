"""What a connection costs and who can pay for it. Pure: time, ids and texts come in as arguments."""
