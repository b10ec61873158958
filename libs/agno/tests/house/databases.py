"""What each database can do, as its tests say: `python databases.py --write` renews the table in docs/databases/index.md."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "db"
PAGE = HERE.parents[3] / "docs" / "databases" / "index.md"
BEGIN, END = "<!-- table: made by `make surface` -->", "<!-- end of the table -->"


@dataclass(frozen=True)
class Product:
    """A database: its page, its classes, what installs its driver, its tests and the server they talk to."""

    title: str
    page: str
    classes: str
    extra: str
    tests: str
    server: str


PRODUCTS = (
    Product(
        "SQLite",
        "sqlite",
        "`SqliteDb`, `AsyncSqliteDb`",
        "",
        "test_sqlite.py test_async_sqlite.py test_migrations.py",
        "the real one",
    ),
    Product(
        "PostgreSQL", "postgres", "`PostgresDb`, `AsyncPostgresDb`", "postgres", "test_postgres.py", "the real one"
    ),
    Product("MySQL", "mysql", "`MySQLDb`, `AsyncMySQLDb`", "mysql", "test_mysql.py:MySQL", "MariaDB"),
    Product(
        "SingleStore",
        "mysql",
        "`SingleStoreDb`",
        "singlestore",
        "test_mysql.py:SingleStore",
        "MariaDB with its functions",
    ),
    Product("MongoDB", "mongo", "`MongoDb`, `AsyncMongoDb`", "mongo", "test_mongo.py", "its protocol over mongomock"),
    Product("Redis", "redis", "`RedisDb`", "redis", "test_redis.py", "the real one"),
    Product("DynamoDB", "dynamo", "`DynamoDb`", "dynamo", "test_dynamo.py", "moto"),
    Product("Firestore", "firestore", "`FirestoreDb`", "firestore", "test_firestore.py", "its protocol, written here"),
    Product("Google Cloud Storage", "gcs", "`GcsJsonDb`", "gcs", "test_gcs_json.py", "an emulator"),
    Product("JSON files", "json", "`JsonDb`", "", "test_json.py", "the file system"),
    Product("memory", "sqlite", "`InMemoryDb`", "", "test_in_memory.py", "-"),
)


class Suite:
    """All classes of the databases' tests, and the text of each."""

    def __init__(self) -> None:
        self.classes: dict[str, tuple[ast.ClassDef, str]] = {}
        self.files: dict[str, list[str]] = {}
        for path in sorted(TESTS.glob("*.py")):
            source = path.read_text(encoding="utf-8")
            for node in ast.parse(source).body:
                if isinstance(node, ast.ClassDef):
                    self.classes[node.name] = (node, ast.get_source_segment(source, node) or "")
                    self.files.setdefault(path.name, []).append(node.name)
            self.files.setdefault(path.name, [])

    def of(self, product: Product) -> tuple[list[str], str]:
        """The classes that test a product with all they inherit, and the whole text that tests it."""
        names: list[str] = []
        text = ""
        for part in product.tests.split():
            file, _, prefix = part.partition(":")
            names += [name for name in self.files[file] if prefix in name]
            text += (TESTS / file).read_text(encoding="utf-8") if not prefix else ""
        family = list(dict.fromkeys(base for name in names for base in self.family(name)))
        return family, text + "".join(self.classes[name][1] for name in family)

    def family(self, name: str) -> Iterator[str]:
        """A class and its bases."""
        if name not in self.classes:
            return
        yield name
        for base in self.classes[name][0].bases:
            yield from self.family(ast.unparse(base))

    def count(self, names: list[str]) -> int:
        """The behaviours in the contracts among these classes; a parametrized test is one."""
        contracts = [self.classes[name][0] for name in names if name.endswith("Contract")]
        return sum(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for one in contracts
            for node in one.body
        )


def table() -> str:
    """The table."""
    suite = Suite()
    lines = [
        "| Database | Classes | Install | Tests talk to | Behaviours of the contract | Two processes write one session | "
        "Writer killed | Server away | Migrates from |",
        "|---|---|---|---|---:|---|---|---|---|",
    ]
    killed = (TESTS / "test_endurance.py").read_text(encoding="utf-8")
    for product in PRODUCTS:
        names, text = suite.of(product)
        kills = "SIGKILL" in text or ".kill()" in text or (f'"{product.page}"' in killed and product.title != "memory")
        cells = [
            f"[{product.title}]({product.page}.md)",
            product.classes,
            f"`agno[{product.extra}]`" if product.extra else "nothing",
            product.server,
            str(suite.count(names)),
            _mark("check_two_writers" in text or "processes_may_write_one_session" in text),
            _mark(kills),
            _mark("DbUnavailableError" in text),
            "1.x, 2.0" if "MigrationContract" in names else "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mark(tested: bool) -> str:
    return "tested" if tested else "-"


def renewed(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table())
