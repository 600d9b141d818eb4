"""HTTP on loopback: what `callctl`, the Asterisk CLI and Prometheus ask."""
