"""What the SQL servers share: one store on SQLAlchemy Core. Use it through `agno.db.postgres`, `agno.db.mysql`, …"""

try:
    import sqlalchemy as _sqlalchemy
except ImportError as error:
    raise ImportError(
        "SQL databases need `sqlalchemy`. Install it with its driver: pip install 'agno[postgres]' or 'agno[mysql]'"
    ) from error

if int(_sqlalchemy.__version__.split(".")[0]) < 2:
    raise ImportError(
        f"SQL databases need `sqlalchemy` 2.0 or newer, this is {_sqlalchemy.__version__}: pip install -U sqlalchemy"
    )
