"""How events come in over HTTP: validated, into Kafka, and only then acknowledged."""
