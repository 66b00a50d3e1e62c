"""The parts of the schema that follow from the KPI declarations instead of a numbered file."""


def generated_statements() -> list[tuple[str, list[str]]]:
    """Name and statements of each part; a part is applied again whenever its text changes."""
    return []
