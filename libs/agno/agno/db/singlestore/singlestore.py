"""Everything in SingleStore."""

from __future__ import annotations

from typing import Any

from typing_extensions import Unpack

from agno.db._names import MoreTables, by_name
from agno.db.singlestore._dialect import SingleStoreDialect
from agno.db.sql.store import SqlDb


class SingleStoreDb(SqlDb):
    """Keeps everything in SingleStore: `SingleStoreDb(db_url="mysql+pymysql://user:password@host:3306/ai")`.

    Tables are made at the first write, in `db_schema`, or else in the database of the URL. The connection is encrypted
    and the server's certificate checked; for a server on your machine add `?ssl_disabled=true` to the URL. Give
    `db_engine`, a SQLAlchemy engine, for a pool or options of your own. Raises `ValueError` if it gets neither.
    """

    dialect = SingleStoreDialect()

    def __init__(
        self,
        id: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        db_url: str | None = None,
        *tables: str | None,
        **more: Unpack[MoreTables],
    ) -> None:
        names = by_name(tables, {**more, "id": id})
        super().__init__(db_url=db_url, db_engine=db_engine, db_schema=db_schema, **names)


__all__ = ["SingleStoreDb"]
