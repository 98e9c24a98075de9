"""What a distributed engine (Citus) refuses, told from the text of a statement.

Known from its documentation and from a cluster: it changes no private table by looking at one of
its own, nor the other way round; it joins the tables it has spread by what they are spread by, and
asks a subquery about each row only of a table that lies beside that row; it locks rows as it reads
them only where they are known to lie on one node.
https://docs.citusdata.com/en/stable/develop/reference_workarounds.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE, KEYS

SPREAD, OURS = frozenset(KEYS), frozenset({*KEYS, *EVERYWHERE})


Columns = Mapping[str, frozenset[str]]
"""The columns of the tables, by their names."""


def refusals(sql: str, private: frozenset[str], columns: Columns) -> Iterator[str]:
    """Why it would not run; ``private`` are the tables of a transaction alone."""
    if sql.split(None, 1)[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return
    try:
        tree = parse_one(sql, read="postgres")
    except SqlglotError:
        return  # of the engine's own, about its catalogue
    if isinstance(tree, exp.Update | exp.Delete):
        yield from _changing(tree, private)
    yield from _locking(tree)
    asked = tree.expression if isinstance(tree, exp.Insert) else tree
    for scope in traverse_scope(asked) if asked is not None else []:
        yield from _asking(scope, columns)


def _changing(tree: exp.Update | exp.Delete, private: frozenset[str]) -> Iterator[str]:
    target, *others = [table.name for table in tree.find_all(exp.Table)]
    for other in others:
        if (target in OURS and other in private) or (target in private and other in OURS):
            yield f"changes {target} by {other}"
        elif target in EVERYWHERE and other in SPREAD:
            yield f"changes {target}, which is everywhere, by {other}"
    sets = {one.this.name for one in tree.expressions} if isinstance(tree, exp.Update) else set()
    if target in BY_CLIENT and "client_id" in sets:
        yield f"moves rows of {target}"


def _locking(tree: exp.Expression) -> Iterator[str]:
    for lock in tree.find_all(exp.Lock):
        select = lock.parent_select
        for table in select.find_all(exp.Table) if select else ():
            if table.name in SPREAD and table.parent_select is select:
                sides = [one.unnest_operands() for one in select.find_all(exp.EQ)]
                if not any(_is_one(KEYS[table.name], *two) for two in sides):
                    yield f"locks {table.name} on several nodes"


def _is_one(key: str, left: exp.Expression, right: exp.Expression) -> bool:
    """Whether a column of this name is held to be one value that is known."""
    column, value = (left, right) if isinstance(left, exp.Column) else (right, left)
    return column.name == key and isinstance(value, exp.Literal | exp.Placeholder | exp.Parameter)


def _asking(scope: Scope, columns: Columns) -> Iterator[str]:
    names = _names(scope)
    spread = [name for name in names.values() if name in SPREAD]
    equal = [one for one in scope.find_all(exp.EQ) if _by_client(one, names)]
    if len(spread) > 1 and _apart(equal, names):
        yield f"joins {' and '.join(spread)}"
    outer: dict[str, str] = {}
    parent = scope.parent
    while parent is not None:
        outer = _names(parent) | outer
        parent = parent.parent
    about = {one.table for one in scope.external_columns if one.table in outer}
    about |= _of_outer(scope, outer, columns)
    if spread and about and not (equal and all(outer[name] in BY_CLIENT for name in about)):
        yield f"asks {', '.join(spread)} about {', '.join(outer[name] for name in about)}"


def _by_client(one: exp.EQ, names: Mapping[str, str]) -> bool:
    """Whether two tables are joined by what they are spread by, or one to the client itself."""
    sides = [side for side in one.unnest_operands() if isinstance(side, exp.Column)]
    known = [side.name for side in sides]
    clients = [side for side in sides if side.name == "id" and names.get(side.table) == "client"]
    return len(known) == 2 and known.count("client_id") + len(clients) == 2


def _apart(equal: Sequence[exp.EQ], names: Mapping[str, str]) -> bool:
    """Whether a spread table is joined to none of the others by what they are spread by."""
    groups = [{alias} for alias in names]
    for one in equal:
        tables = {side.table for side in one.unnest_operands()}
        joined = [group for group in groups if group & tables]
        groups = [group for group in groups if not group & tables] + [set().union(*joined)]
    return sum(any(names[alias] in SPREAD for alias in group) for group in groups) > 1


def _of_outer(scope: Scope, outer: Mapping[str, str], columns: Columns) -> set[str]:
    """The tables outside of a subquery of which a column is spoken of by its bare name."""
    own = {name for table in _names(scope).values() for name in columns.get(table, ())}
    bare = {one.name for one in scope.columns if not one.table} - own
    return {name for name, table in outer.items() if bare & columns.get(table, frozenset())}


def _names(scope: Scope) -> dict[str, str]:
    return {
        alias: source.name
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table)
    }
