"""The recovery layers above the connectors: the enforcer (layer A) and the REST monitor (layer B)."""
