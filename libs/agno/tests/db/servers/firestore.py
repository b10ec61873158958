"""A gRPC server of Firestore's protocol, as far as the database needs it. The true client talks to it.

It refuses what the product refuses: questions that need an index somebody would have to make, documents over 1 MiB.
"""

from __future__ import annotations

import itertools
import threading
from concurrent import futures
from typing import Any

import grpc
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.types import StructuredQuery
from google.protobuf.timestamp_pb2 import Timestamp

_SERVICE = "google.firestore.v1.Firestore"
_LARGEST = 1_048_576
_OPERATORS = StructuredQuery.FieldFilter.Operator


class _Refused(Exception):
    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class FirestoreServer:
    """Listens on the loopback."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[Any, int]] = {}  # message and version by name
        self.requests: list[tuple[str, int]] = []
        self.turn = threading.RLock()
        self._versions = itertools.count(1)
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        methods = {
            "BatchGetDocuments": (self._get, True, types.BatchGetDocumentsRequest, types.BatchGetDocumentsResponse),
            "RunQuery": (self._query, True, types.RunQueryRequest, types.RunQueryResponse),
            "Commit": (self._commit, False, types.CommitRequest, types.CommitResponse),
        }
        handlers = {name: self._handler(name, *method) for name, method in methods.items()}
        options = [("grpc.max_receive_message_length", 11 << 20), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(futures.ThreadPoolExecutor(8), options=options)
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait()

    def clear(self) -> None:
        """Forget everything."""
        with self.turn:
            self.documents.clear()
            self.requests.clear()

    def _handler(self, name: str, method: Any, streams: bool, request_type: Any, response_type: Any) -> Any:
        def answer(request: Any, context: Any) -> Any:
            with self.turn:
                self.requests.append((name, len(request_type.serialize(request))))
                try:
                    found = method(request)
                    return iter(found) if streams else found
                except _Refused as refused:
                    context.abort(refused.code, str(refused))

        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        return make(answer, request_deserializer=request_type.deserialize, response_serializer=response_type.serialize)

    # ------------------------------------------------------------------------------------------------------------------

    def _get(self, request: Any) -> list[Any]:
        now, found = _time(next(self._versions)), []
        for name in request.documents:
            if name in self.documents:
                found.append(types.BatchGetDocumentsResponse(found=self._resource(name), read_time=now))
            else:
                found.append(types.BatchGetDocumentsResponse(missing=name, read_time=now))
        return found

    def _resource(self, name: str) -> Any:
        document, version = self.documents[name]
        copied = types.Document(document)
        copied.update_time = copied.create_time = _time(version)
        return copied

    def _commit(self, request: Any) -> Any:
        if len(request.writes) > 500:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, "maximum 500 writes allowed per request")
        before, version = dict(self.documents), next(self._versions)
        try:
            for write in request.writes:
                self._write(write, version)
        except _Refused:
            self.documents.clear()
            self.documents.update(before)
            raise
        results = [types.WriteResult(update_time=_time(version)) for _ in request.writes]
        return types.CommitResponse(write_results=results, commit_time=_time(version))

    def _write(self, write: Any, version: int) -> None:
        name = write.delete or write.update.name
        self._check(name, write.current_document)
        if write.delete:
            self.documents.pop(name, None)
            return
        fields = dict(self.documents[name][0].fields) if name in self.documents and write.update_mask else {}
        paths = list(write.update_mask.field_paths) if write.update_mask else list(write.update.fields)
        for path in paths:
            if path in write.update.fields:
                fields[path] = write.update.fields[path]
            else:
                fields.pop(path, None)
        for transform in write.update_transforms:
            new, old = transform.minimum.integer_value, fields.get(transform.field_path)
            smaller = min(new, old.integer_value) if old is not None else new
            fields[transform.field_path] = types.Value(integer_value=smaller)
        document = types.Document(name=name, fields=fields)
        if len(types.Document.serialize(document)) > _LARGEST:
            raise _Refused(grpc.StatusCode.INVALID_ARGUMENT, f"Document {name} exceeds the maximum size of {_LARGEST}")
        self.documents[name] = (document, version)

    def _check(self, name: str, wanted: Any) -> None:
        condition = types.Precondition.pb(wanted).WhichOneof("condition_type")
        there = name in self.documents
        if condition == "exists" and wanted.exists != there:
            code = grpc.StatusCode.ALREADY_EXISTS if there else grpc.StatusCode.NOT_FOUND
            raise _Refused(code, f"{name}: exists={there}")
        if condition == "update_time":
            version = types.Precondition.pb(wanted).update_time
            if not there or (version.seconds, version.nanos) != _parts(self.documents[name][1]):
                raise _Refused(grpc.StatusCode.FAILED_PRECONDITION, f"{name}: the stored version does not match")

    # ------------------------------------------------------------------------------------------------------------------

    def _query(self, request: Any) -> list[Any]:
        query, parent = request.structured_query, request.parent
        (source,) = query.from_
        prefix = f"{parent}/{source.collection_id}/"
        found = [d for name, (d, _) in sorted(self.documents.items()) if name.startswith(prefix)]
        found = [d for d in found if "/" not in d.name[len(prefix) :]]
        if query.where:
            found = [d for d in found if _fits(d, query.where)]
        orders = [order for order in query.order_by if order.field.field_path != "__name__"]
        _refuse_composites(query, [order.field.field_path for order in orders])
        for order in reversed(orders):
            path, down = order.field.field_path, order.direction == StructuredQuery.Direction.DESCENDING
            found = [d for d in found if path in d.fields]
            found.sort(key=lambda d, path=path: _sortable(d.fields[path]), reverse=down)
        found = found[query.offset :]
        if types.StructuredQuery.pb(query).HasField("limit"):
            found = found[: types.StructuredQuery.pb(query).limit.value]
        now = _time(next(self._versions))
        answers = [types.RunQueryResponse(document=self._selected(d, query), read_time=now) for d in found]
        return answers or [types.RunQueryResponse(read_time=now)]

    def _selected(self, document: Any, query: Any) -> Any:
        resource = self._resource(document.name)
        if query.select:
            wanted = {field.field_path for field in query.select.fields}
            for name in set(resource.fields) - wanted:
                del resource.fields[name]
        return resource


def _refuse_composites(query: Any, orders: list[str]) -> None:
    equal, ranged = set(), set(orders)
    for one in _leaves(query.where) if query.where else ():
        path = one.field.field_path
        (equal if one.op in (_OPERATORS.EQUAL, _OPERATORS.IN) else ranged).add(path)
    if len(ranged) > 1 or (ranged and equal - ranged):
        raise _Refused(grpc.StatusCode.FAILED_PRECONDITION, "The query requires an index.")


def _leaves(where: Any) -> list[Any]:
    if types.StructuredQuery.Filter.pb(where).WhichOneof("filter_type") == "composite_filter":
        return [leaf for one in where.composite_filter.filters for leaf in _leaves(one)]
    return [where.field_filter]


def _fits(document: Any, where: Any) -> bool:
    if types.StructuredQuery.Filter.pb(where).WhichOneof("filter_type") == "composite_filter":
        both = where.composite_filter.op == StructuredQuery.CompositeFilter.Operator.AND
        return (all if both else any)(_fits(document, one) for one in where.composite_filter.filters)
    one = where.field_filter
    value = document.fields.get(one.field.field_path)
    if value is None:
        return False
    if one.op == _OPERATORS.IN:
        return value in one.value.array_value.values
    if one.op == _OPERATORS.EQUAL:
        return value == one.value
    here, there = _sortable(value), _sortable(one.value)
    if here[0] != there[0]:
        return False
    return here >= there if one.op == _OPERATORS.GREATER_THAN_OR_EQUAL else here <= there


def _sortable(value: Any) -> tuple[int, Any]:
    kind = types.Value.pb(value).WhichOneof("value_type")
    order = ["null_value", "boolean_value", "integer_value", "timestamp_value", "string_value", "bytes_value"]
    return order.index(kind), 0 if kind == "null_value" else getattr(types.Value.pb(value), kind)


def _parts(version: int) -> tuple[int, int]:
    return 1_700_000_000, version * 1000


def _time(version: int) -> Timestamp:
    seconds, nanos = _parts(version)
    return Timestamp(seconds=seconds, nanos=nanos)
