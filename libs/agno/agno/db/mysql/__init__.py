"""MySQL and MariaDB: `pip install 'agno[mysql]'`."""

from agno.db.mysql.async_mysql import AsyncMySQLDb
from agno.db.mysql.mysql import MySQLDb, MysqlDb

__all__ = ["AsyncMySQLDb", "MySQLDb", "MysqlDb"]
