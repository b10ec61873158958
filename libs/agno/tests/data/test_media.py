"""Media: where they come from, and that their bytes survive."""

from __future__ import annotations

import http.server
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno.media import Audio, File, Image, Video

BYTES = b"\x89PNG\x00\xff"
ONE_SOURCE = [Image, Audio, Video]


@pytest.mark.parametrize("cls", ONE_SOURCE)
def test_exactly_one_source_is_needed(cls: Any) -> None:
    with pytest.raises(ValueError, match="no source"):
        cls()
    with pytest.raises(ValueError, match=r"2 sources \(url, content\)"):
        cls(url="u", content=b"x")
    assert cls(url="u").url == "u"


def test_a_file_may_have_several_sources_but_not_none() -> None:
    with pytest.raises(ValueError, match="File has no source"):
        File()
    assert File(url="u", content=b"x").content == b"x"
    assert File(external=object()).external is not None


def test_streamed_audio_may_bring_the_words_first() -> None:
    assert Audio(transcript="hi").sample_rate == 24000


@pytest.mark.parametrize("cls", [*ONE_SOURCE, File])
def test_each_object_has_its_own_id(cls: Any) -> None:
    assert len({cls(url="u").id for _ in range(3)}) == 3
    assert cls(url="u", id="mine").id == "mine"


@pytest.mark.parametrize("cls", [*ONE_SOURCE, File])
def test_bytes_survive_storing(cls: Any) -> None:
    media = cls(content=BYTES)
    data = media.to_dict()
    assert data["content"] == media.to_base64()
    assert cls.from_dict(data) == media
    assert cls.model_validate(data).content == BYTES
    assert "content" not in media.to_dict(include_base64_content=False)


@pytest.mark.parametrize("cls", [*ONE_SOURCE, File])
def test_a_record_without_bytes_can_still_be_read(cls: Any) -> None:
    data = cls(content=BYTES, format="x").to_dict(include_base64_content=False)
    assert cls.from_dict(data).format == "x"


def test_text_that_is_no_base64_is_taken_as_it_is() -> None:
    assert Image.from_base64("iVBORwD/").content == b"\x89PNG\x00\xff"
    assert Image.from_base64("not base64!", format="txt").content == b"not base64!"
    assert File(content="test").content == b"test"  # type: ignore[arg-type]  # text is accepted


def test_a_stored_picture_in_a_users_model_keeps_its_bytes() -> None:
    class Album(BaseModel):
        cover: Image

    stored = {"cover": Image(content=BYTES).to_dict()}
    assert Album.model_validate(stored).cover.content == BYTES


def test_bytes_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(BYTES)
    image = Image(filepath=path)
    assert image.get_content_bytes() == BYTES
    assert Image.from_dict(image.to_dict()).get_content_bytes() == BYTES
    assert image.to_dict()["filepath"] == str(path)


def test_bytes_and_type_come_from_a_url(served: str) -> None:
    assert Image(url=served).get_content_bytes() == BYTES
    assert File(url=served).file_url_content == (BYTES, "image/png")
    assert File(content=b"x").file_url_content is None


def test_a_mime_type_must_be_a_known_one() -> None:
    with pytest.raises(ValueError, match="'image/bmp' is not supported"):
        File(content=b"x", mime_type="image/bmp")
    assert all(File(content=b"x", mime_type=kind).mime_type == kind for kind in File.valid_mime_types())
    assert File.from_dict({"content": "eA==", "mime_type": "of/newer"}).content == b"x"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"content": b"x", "name": "a"}, "a"),
        ({"content": b"x", "filename": "b.txt"}, "b.txt"),
        ({"filepath": "/d/c.pdf"}, "c.pdf"),
        ({"url": "https://example.com/d.pdf?x=1"}, "d.pdf"),
        ({"content": b"x"}, "file"),
    ],
)
def test_a_file_has_a_name_to_show(fields: dict[str, Any], name: str) -> None:
    assert File(**fields).display_name() == name


def test_a_provider_s_file_object_is_stored_as_data_or_text() -> None:
    class Uploaded(BaseModel):
        uri: str

    assert File(external=Uploaded(uri="u")).to_dict()["external"] == {"uri": "u"}


@pytest.fixture
def served() -> Any:
    """The URL of a server that answers with a picture."""
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png; q=1")
            self.end_headers()
            self.wfile.write(BYTES)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x.png"
        server.shutdown()
        thread.join()
