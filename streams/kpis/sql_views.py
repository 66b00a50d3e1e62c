"""How the generated views of database `sales` are defined: by columns that say what they mean."""

from collections.abc import Iterable

#: Name, type and comment of a column.
Column = tuple[str, str, str]


def view(name: str, select: str, about: str, columns: Iterable[Column] = ()) -> str:
    """Statement that defines a view that anyone may read who may read the view.

    Columns are those of `select`, in order; without any they take their names and types from it.
    `about` is told to who looks the view up, as are the comments of the columns.
    """
    listed = ",\n".join(f"    `{column}` {kind} COMMENT '{what}'" for column, kind, what in columns)
    between = f"(\n{listed}\n)\n" if listed else ""
    return f"""CREATE OR REPLACE VIEW sales.{name}
{between}DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
{select}
COMMENT '{about}'"""
