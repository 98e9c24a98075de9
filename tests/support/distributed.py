"""What a distributed engine (Citus) refuses, told from the text of a statement.

Known from its documentation and from a cluster: it changes no private table by looking at one of
its own, nor the other way round; it joins the tables it has spread by what they are spread by, and
asks a subquery about each row only of a table that lies beside that row.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from interop_cli.store.engines.distribute import BY_CLIENT, EVERYWHERE, KEYS

SPREAD, OURS = frozenset(KEYS), frozenset({*KEYS, *EVERYWHERE})


def refusals(sql: str, private: frozenset[str]) -> Iterator[str]:
    """Why it would not run; ``private`` are the tables of a transaction alone."""
    if sql.split(None, 1)[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return
    try:
        tree = parse_one(sql, read="postgres")
    except SqlglotError:
        return  # of the engine's own, about its catalogue
    if isinstance(tree, exp.Update | exp.Delete):
        yield from _changing(tree, private)
    asked = tree.expression if isinstance(tree, exp.Insert) else tree
    for scope in traverse_scope(asked) if asked is not None else []:
        yield from _asking(scope)


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


def _asking(scope: Scope) -> Iterator[str]:
    spread = [name for name in _names(scope).values() if name in SPREAD]
    equal = sum(
        {one.this.name, one.expression.name} == {"client_id"} for one in scope.find_all(exp.EQ)
    )
    joins = scope.expression.args.get("joins") or []
    beside = [name for name in spread if not _joined_from_outside(joins, name)]
    if len(beside) - 1 > equal:
        yield f"joins {' and '.join(beside)}"
    outer: dict[str, str] = {}
    parent = scope.parent
    while parent is not None:
        outer = _names(parent) | outer
        parent = parent.parent
    about = {one.table for one in scope.external_columns if one.table in outer}
    if spread and about and not (equal and all(outer[name] in BY_CLIENT for name in about)):
        yield f"asks {', '.join(spread)} about {', '.join(outer[name] for name in about)}"


def _joined_from_outside(joins: list[exp.Join], name: str) -> bool:
    """Whether a table is on the far side of an outer join, which is read by itself."""
    return any(join.this.name == name and join.side == "LEFT" for join in joins)


def _names(scope: Scope) -> dict[str, str]:
    return {
        alias: source.name
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table)
    }
