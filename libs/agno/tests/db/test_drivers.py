"""Drivers are optional: without one the import says what to install, and nothing else needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import agno.db

DRIVERS = {
    "RedisDb": ("agno.db.redis", "redis"),
    "MongoDb": ("agno.db.mongo", "pymongo"),
    "AsyncMongoDb": ("agno.db.mongo", "pymongo"),
    "DynamoDb": ("agno.db.dynamo", "boto3"),
    "GcsJsonDb": ("agno.db.gcs_json", "google-cloud-storage"),
    "FirestoreDb": ("agno.db.firestore", "google-cloud-firestore"),
}
_WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"redis", "pymongo", "bson", "boto3", "botocore", "google", "grpc", "requests"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


@pytest.mark.parametrize("name", DRIVERS)
def test_without_the_driver_the_import_says_what_to_install(name):
    module, package = DRIVERS[name]
    code = f"{_WITHOUT}\ntry:\n    import {module}\nexcept ImportError as error:\n    print(error)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert f"pip install {package}\n" in said.stdout and package in said.stdout, said.stderr


def test_the_database_in_files_needs_no_driver(tmp_path):
    code = f"{_WITHOUT}\nfrom agno.db.json import JsonDb\nprint(JsonDb({str(tmp_path)!r}).get_sessions())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50).stdout == "[]\n"


@pytest.mark.parametrize("name", [*DRIVERS, "GCSJsonDb", "JsonDb"])
def test_the_package_gives_each_class_when_asked(name):
    assert getattr(agno.db, name).__name__.lower() == name.lower()


def test_every_table_can_have_another_name(tmp_path, monkeypatch):
    def names(db):
        return db.session_table_name, db.components_table_name, db.approvals_table_name

    tables = {"session_table": "s", "components_table": "c", "approvals_table": "a"}
    collections = {name.replace("table", "collection"): value for name, value in tables.items()}
    made = [
        agno.db.JsonDb(tmp_path, **tables),
        agno.db.RedisDb(db_url="redis://nowhere", **tables),
        agno.db.DynamoDb(db_client=object(), **tables),
        agno.db.MongoDb(db_url="mongodb://nowhere", **collections),
        agno.db.FirestoreDb(db_client=object(), **collections),
    ]
    assert [names(db) for db in made] == [("s", "c", "a")] * 5
    with pytest.raises(TypeError, match="typo_table"):
        agno.db.JsonDb(tmp_path, typo_table="x")
