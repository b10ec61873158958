"""`agno.utils.media` and `agno.utils.audio`."""

from __future__ import annotations

import base64
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pypdf
import pytest

from agno.utils.audio import write_audio_to_file
from agno.utils.media import (
    SampleDataFileExtension,
    download_file,
    download_image,
    download_knowledge_filters_sample_data,
    save_base64_data,
)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path != "/missing"
        self.send_response(200 if found else 404)
        self.send_header("content-type", "image/png" if self.path == "/image" else "text/plain")
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_downloads(site: str, tmp_path: Path) -> None:
    download_file(f"{site}/file", tmp_path / "deep" / "file.txt")
    assert (tmp_path / "deep" / "file.txt").read_bytes() == b"content"
    assert download_image(f"{site}/image", tmp_path / "image.png") and (tmp_path / "image.png").exists()
    assert not download_image(f"{site}/file", tmp_path / "none.png") and not (tmp_path / "none.png").exists()
    with pytest.raises(httpx.HTTPError):
        download_file(f"{site}/missing", tmp_path / "missing")


def test_base64_becomes_files(tmp_path: Path) -> None:
    text = base64.b64encode(b"sound").decode()
    assert save_base64_data(text, tmp_path / "a" / "x") and (tmp_path / "a" / "x").read_bytes() == b"sound"
    assert (
        save_base64_data(f"data:audio/wav;base64,{text}", tmp_path / "y") and (tmp_path / "y").read_bytes() == b"sound"
    )
    with pytest.raises(ValueError):
        save_base64_data("no base64!", tmp_path / "z")
    for audio in (text, b"sound"):
        write_audio_to_file(audio, tmp_path / "b" / "sound.wav")
        assert (tmp_path / "b" / "sound.wav").read_bytes() == b"sound"


def words(kind: SampleDataFileExtension, content: bytes) -> str:
    if kind is SampleDataFileExtension.PDF:
        return pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    if kind is SampleDataFileExtension.DOCX:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read("word/document.xml").decode()
    return content.decode()


@pytest.mark.parametrize("kind", SampleDataFileExtension)
def test_sample_documents_can_be_read(kind: SampleDataFileExtension, tmp_path: Path) -> None:
    paths = download_knowledge_filters_sample_data(3, kind, tmp_path / "data")
    assert [Path(path).name for path in paths] == [f"cv_{n}.{kind.value}" for n in (1, 2, 3)]
    second = words(kind, Path(paths[1]).read_bytes())
    assert "Applicant 2" in second and "5 years as a bridge engineer" in second
