from tests.sinks.conftest import migrated, store

__all__ = ["migrated", "store"]
