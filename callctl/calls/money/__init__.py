"""What one connection holds, buys and costs. Pure."""
