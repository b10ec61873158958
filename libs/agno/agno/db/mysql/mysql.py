"""Everything in MySQL or MariaDB."""

from __future__ import annotations

from agno.db.sql._mysql import EngineFirst, MySQLDialect
from agno.db.sql.store import SqlDb


class MySQLDb(EngineFirst, SqlDb):
    """Keeps everything in MySQL or MariaDB: `MySQLDb(db_url="mysql+pymysql://user:password@localhost:3306/ai")`.

    Tables are made at the first write, in the database `db_schema` ("ai"), which is made too if it is not there. Give
    `db_engine`, a SQLAlchemy engine, for a pool or options of your own. Raises `ValueError` if it gets neither.
    """

    dialect = MySQLDialect()
    default_schema = "ai"


MysqlDb = MySQLDb  # as the changelog of 2.0 spells it

__all__ = ["MySQLDb", "MysqlDb"]
