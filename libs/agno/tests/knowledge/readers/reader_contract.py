"""What every reader must do. Subclass a contract and state `make`, `source`, `holds`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agno.knowledge._errors import ReaderError
from agno.knowledge.chunking.fixed import FixedSizeChunking
from agno.knowledge.chunking.strategy import ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader

from making import all_text, read, streamed

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


class ReaderContract:
    """Every reader, whatever it reads."""

    make: ClassVar[Callable[..., Reader]]
    holds: ClassVar[tuple[str, ...]] = ()  # texts that the source holds

    @pytest.fixture
    def source(self) -> Any:
        """What `read` is given."""
        raise NotImplementedError

    @pytest.fixture
    def reader(self) -> Reader:
        return type(self).make(chunk=False)

    @COLOURS
    def test_it_reads_what_is_there(self, reader: Reader, source: Any, colour: str) -> None:
        documents = read(reader, source, colour)
        text = all_text(documents)
        assert [wanted for wanted in self.holds if wanted not in text] == []
        assert all(document.id and document.name for document in documents)
        assert json.loads(json.dumps([document.meta_data for document in documents])) is not None

    @COLOURS
    def test_documents_can_be_had_one_by_one(self, reader: Reader, source: Any, colour: str) -> None:
        assert _shown(streamed(reader, source, colour)) == _shown(read(reader, source))

    def test_a_reader_who_leaves_early_is_no_trouble(self, reader: Reader, source: Any) -> None:
        documents = reader.iterate(source)
        assert next(documents).content
        documents.close()  # type: ignore[attr-defined]  # it is a generator

    @COLOURS
    def test_chunks_are_cut_by_the_chunker(self, source: Any, colour: str) -> None:
        reader = type(self).make(chunk=True, chunking_strategy=FixedSizeChunking(12))
        chunks = read(reader, source, colour)
        whole = read(type(self).make(chunk=False), source)
        assert "".join(all_text(chunks).split()) == "".join(all_text(whole).split())
        assert max(len(chunk.content) for chunk in chunks) <= 12
        assert len({chunk.id for chunk in chunks}) == len(chunks)
        assert all(chunk.meta_data["chunk"] >= 1 for chunk in chunks)

    def test_chunk_size_is_that_of_the_default_chunker(self) -> None:
        reader = type(self).make(chunk_size=321)
        strategy = reader.default_strategy
        assert isinstance(reader.chunking_strategy, ChunkingStrategyFactory.strategy_class(strategy))
        assert strategy is ChunkingStrategyType.ROW_CHUNKER or reader.chunking_strategy.chunk_size == 321  # type: ignore[attr-defined]

    def test_supported_chunkers_can_be_set_by_name(self, reader: Reader) -> None:
        assert reader.default_strategy in reader.get_supported_chunking_strategies()
        for strategy in reader.get_supported_chunking_strategies():
            reader.set_chunking_strategy_from_string(strategy.value)
            assert isinstance(reader.chunking_strategy, ChunkingStrategyFactory.strategy_class(strategy))

    def test_it_says_what_it_reads(self, reader: Reader) -> None:
        assert reader.get_supported_content_types()

    def test_a_missing_package_is_named_when_the_reader_is_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        needs = type(type(self).make()).needs
        monkeypatch.setattr("agno.knowledge.reader.base.is_installed", lambda module: False)
        for package in list(needs.values())[:1]:
            with pytest.raises(ImportError, match=f"Install it with: pip install {package}"):
                type(self).make()


class FileContract(ReaderContract):
    """Every reader of files. `content` gives the bytes of a good file, `suffix` its suffix."""

    suffix: ClassVar[str]
    broken: ClassVar[bytes]  # begins like such a file, but is none
    foreign: ClassVar[bytes] = b"\x89PNG\r\n\x1a\n" + bytes(range(256))  # a file of another type

    @staticmethod
    def content() -> bytes:
        raise NotImplementedError

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / f"sample.v2{self.suffix}"
        path.write_bytes(type(self).content())
        return path

    def test_a_file_is_a_path_or_bytes_or_an_open_file(self, reader: Reader, source: Path) -> None:
        expected = all_text(reader.read(source))
        assert all_text(reader.read(str(source))) == expected
        assert all_text(reader.read(source.read_bytes())) == expected
        written = io.BytesIO()
        written.write(source.read_bytes())  # which leaves it at its end
        assert all_text(reader.read(written)) == expected
        assert not written.closed
        with open(source, "rb") as file:
            assert all_text(reader.read(file)) == expected
            assert not file.closed

    def test_a_file_that_cannot_seek_is_read(self, reader: Reader, source: Path) -> None:
        class Pipe:
            def __init__(self, data: bytes) -> None:
                self.data = io.BytesIO(data)

            def read(self, size: int = -1) -> bytes:
                return self.data.read(size)

        assert all_text(reader.read(Pipe(source.read_bytes()))) == all_text(reader.read(source))

    def test_documents_are_named_after_the_file_or_as_asked(self, reader: Reader, source: Path) -> None:
        assert {document.name for document in reader.read(source)} == {"sample.v2"}
        assert {document.name for document in reader.read(source, name="mine")} == {"mine"}

    @COLOURS
    def test_an_empty_file_is_an_error(self, reader: Reader, tmp_path: Path, colour: str) -> None:
        path = tmp_path / f"nothing{self.suffix}"
        path.write_bytes(b"")
        self._fails(reader, path, f"nothing{self.suffix} is empty.", colour)

    @COLOURS
    def test_a_broken_file_is_an_error(self, reader: Reader, tmp_path: Path, colour: str) -> None:
        path = tmp_path / f"broken{self.suffix}"
        path.write_bytes(self.broken)
        self._fails(reader, path, f"broken{self.suffix} ", colour)

    def test_a_cut_file_is_an_error_or_read(self, reader: Reader, source: Path, tmp_path: Path) -> None:
        data = source.read_bytes()
        path = tmp_path / f"cut{self.suffix}"
        for part in range(1, 8):
            path.write_bytes(data[: len(data) * part // 8])
            try:
                reader.read(path)
            except ReaderError as error:
                assert str(error).startswith(f"cut{self.suffix} ")

    def test_a_file_of_another_type_is_an_error(self, reader: Reader, tmp_path: Path) -> None:
        path = tmp_path / f"image{self.suffix}"
        path.write_bytes(self.foreign)
        self._fails(reader, path, f"image{self.suffix} is .*PNG")

    def test_what_is_not_there_or_no_file_is_an_error(self, reader: Reader, tmp_path: Path) -> None:
        self._fails(reader, tmp_path / "missing", "missing cannot be read: No such file or directory.")
        self._fails(reader, tmp_path, "is a folder; a reader reads one file.")
        self._fails(reader, "/dev/null", "is no regular file")
        with pytest.raises(TypeError, match="A file is a path, bytes or an open file, not int: 3"):
            reader.read(3)

    def test_a_file_that_is_too_large_is_not_opened(self, reader: Reader, source: Path) -> None:
        reader.max_bytes = 10
        for given in (source, source.read_bytes(), io.BytesIO(source.read_bytes())):
            self._fails(reader, given, "is larger than 10 bytes, the reader's max_bytes")

    def _fails(self, reader: Reader, source: Any, sentence: str, colour: str = "sync") -> None:
        with pytest.raises(ReaderError, match=sentence) as caught:
            read(reader, source, colour)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


def _shown(documents: list[Document]) -> list[tuple[str, str | None]]:
    return [(document.content, document.name) for document in documents]
