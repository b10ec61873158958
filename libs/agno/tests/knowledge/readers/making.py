"""Real files, made by the libraries that people make them with, and a small web."""

from __future__ import annotations

import asyncio
import io
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agno.knowledge.document import Document

# Files ---------------------------------------------------------------------------------------------------------------


def pdf(*pages: str, password: str | None = None, images: tuple[Any, ...] = ()) -> bytes:
    """A PDF with a page for each text, and one for each PIL image."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, encrypt=StandardEncryption(password) if password else None)
    for page in pages:
        text = canvas.beginText(72, 760)
        text.textLines(page)
        canvas.drawText(text)
        canvas.showPage()
    for image in images:
        canvas.drawImage(ImageReader(image), 72, 400, width=image.width, height=image.height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(text: str, size: int = 40) -> Any:
    """An image of a text."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (20 + size * len(text) * 2 // 3, size * 2), "white")
    ImageDraw.Draw(image).text((10, size // 3), text, fill="black", font=ImageFont.load_default(size))
    return image


def docx(*paragraphs: str, table: list[list[str]] | None = None) -> bytes:
    """A Word file; "# x" becomes a heading."""
    from docx import Document as Word

    word = Word()
    for text in paragraphs:
        if text.startswith("# "):
            word.add_heading(text[2:], level=1)
        else:
            word.add_paragraph(text)
    if table:
        made = word.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, value in zip(row.cells, cells, strict=True):
                cell.text = value
    return _saved(word)


def pptx(*slides: tuple[str, str], notes: str = "") -> bytes:
    """A presentation of (title, text)."""
    from pptx import Presentation

    shown = Presentation()
    for title, text in slides:
        slide = shown.slides.add_slide(shown.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    return _saved(shown)


def xlsx(**sheets: list[list[Any]]) -> bytes:
    """A workbook; a sheet whose name ends with "_hidden" is hidden."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.endswith("_hidden") else "visible"
        for row in rows:
            sheet.append(row)
    return _saved(book)


def xls(**sheets: list[list[Any]]) -> bytes:
    """A workbook of old Excel."""
    import xlwt

    book = xlwt.Workbook()
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value)
    return _saved(book)


def _saved(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


# Reading -------------------------------------------------------------------------------------------------------------


def read(reader: Any, source: Any, colour: str = "sync", **options: Any) -> list[Document]:
    """`read` or `async_read`."""
    if colour == "sync":
        found: list[Document] = reader.read(source, **options)
        return found
    return asyncio.run(reader.async_read(source, **options))


def streamed(reader: Any, source: Any, colour: str, **options: Any) -> list[Document]:
    """`iterate` or `async_iterate`."""
    if colour == "sync":
        return list(reader.iterate(source, **options))

    async def collected() -> list[Document]:
        return [document async for document in reader.async_iterate(source, **options)]

    return asyncio.run(collected())


def all_text(documents: list[Document]) -> str:
    return "\n".join(document.content for document in documents)


# The web -------------------------------------------------------------------------------------------------------------


@dataclass
class Request:
    """What a server was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What it says."""

    body: bytes | str = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """A server on the loopback interface: answers by path, and what it was asked."""

    url: str
    pages: dict[str, Answer | str | Callable[[Request], Answer]]
    requests: list[Request] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        found = self.pages.get(request.path, Answer("not here", 404))
        found = found(request) if callable(found) else found
        return Answer(found) if isinstance(found, str) else found


def certificate(name: str, folder: Path) -> Path:
    """A file with a key and a certificate for a host name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(
            subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def site(pem: Path | None = None) -> Iterator[Site]:
    """A running server, by TLS with the certificate in a file. Pages are added to `pages` by their paths."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = made.answer(Request(self.command, parts.path, query, dict(self.headers), body))
            content = answer.body.encode() if isinstance(answer.body, str) else answer.body
            self.send_response(answer.status)
            for key, value in {
                "content-type": answer.kind,
                "content-length": str(len(content)),
                **answer.headers,
            }.items():
                self.send_header(key, value)
            self.end_headers()
            try:
                self.wfile.write(content)
            except ConnectionError:
                pass  # the reader had enough

        do_GET = do_POST = serve

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    made = Site(f"{'http' if pem is None else 'https'}://127.0.0.1:{server.server_port}", {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
