"""Spans over the wire: OTLP over HTTP to a collector on the loopback, which reads the protobuf."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.tracing import setup_tracing

from os_serving import an_os, served


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ExportTraceServiceRequest]]:
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield received
    server.shutdown()
    server.server_close()


def test_a_collector_gets_the_spans_of_a_run(collector: list[ExportTraceServiceRequest]) -> None:
    handle = setup_tracing(exporter="otlp", service_name="my-service")
    Agent(name="A", model=ScriptedModel(says("x"))).run("go")
    assert handle.flush()
    (sent,) = [resource for request in collector for resource in request.resource_spans]
    assert {a.key: a.value.string_value for a in sent.resource.attributes}["service.name"] == "my-service"
    spans = {span.name: span for scope in sent.scope_spans for span in scope.spans}
    assert spans["chat scripted"].parent_span_id == spans["invoke_agent A"].span_id
    said = {a.key: a.value for a in spans["chat scripted"].attributes}
    assert said["gen_ai.operation.name"].string_value == "chat" and said["gen_ai.usage.output_tokens"].int_value > 0
    handle.shutdown()


def test_a_service_that_stops_sends_its_last_spans(collector: list[ExportTraceServiceRequest]) -> None:
    handle = setup_tracing(exporter="otlp")
    with served(an_os(agents=[Agent(name="A", model=ScriptedModel(says("x")))])) as server:
        httpx.post(f"{server.url}/agents/a/runs", data={"message": "hi"}, trust_env=False, timeout=30)
    names = {span.name for request in collector for one in request.resource_spans for scope in one.scope_spans
             for span in scope.spans}  # fmt: skip
    assert names == {"chat scripted", "invoke_agent A"}
    handle.shutdown()
