"""From older versions of Agno to this one: `agno migrate`, or `MigrationManager` and `v1_to_v2` from Python."""
