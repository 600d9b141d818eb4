"""Monitoring held against the service and a real Prometheus: figures, rules, dashboards, runbooks."""
