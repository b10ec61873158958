"""Files for examples: downloads, base64 to files, and sample documents for knowledge filters."""

from __future__ import annotations

import base64
from enum import Enum
from pathlib import Path

from agno.utils._samples import as_csv, as_docx, as_pdf, as_text, people
from agno.utils.http import fetch


class SampleDataFileExtension(str, Enum):
    """Kinds of sample documents."""

    DOCX = "docx"
    PDF = "pdf"
    TXT = "txt"
    CSV = "csv"


_MAKERS = {
    SampleDataFileExtension.DOCX: as_docx,
    SampleDataFileExtension.PDF: as_pdf,
    SampleDataFileExtension.TXT: as_text,
    SampleDataFileExtension.CSV: as_csv,
}


def _written(path: str | Path, content: bytes) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def download_file(url: str, output_path: str | Path) -> None:
    """Download a URL into a file; missing folders are made. Raises httpx.HTTPError if that fails."""
    _written(output_path, fetch(url).content)


def download_image(url: str, output_path: str | Path) -> bool:
    """Download an image into a file. False, and no file, if what is there is no image."""
    response = fetch(url)
    if not response.headers.get("content-type", "").startswith("image/"):
        return False
    _written(output_path, response.content)
    return True


def save_base64_data(base64_data: str, output_path: str | Path) -> bool:
    """Write base64 text (also of a `data:` URL) as bytes. Raises ValueError if it is no base64."""
    text = base64_data.partition(",")[2] if base64_data.startswith("data:") else base64_data
    _written(output_path, base64.b64decode(text, validate=True))
    return True


def download_knowledge_filters_sample_data(
    num_files: int = 5,
    file_extension: SampleDataFileExtension = SampleDataFileExtension.DOCX,
    folder: str | Path = "data",
) -> list[str]:
    """Sample documents (short CVs) in a folder, for trying out filters; gives their paths. They are made here, so no
    network is needed."""
    kind = SampleDataFileExtension(file_extension)
    make = _MAKERS[kind]
    made = [
        _written(Path(folder) / f"cv_{n}.{kind.value}", make(facts)) for n, facts in enumerate(people(num_files), 1)
    ]
    return [str(path) for path in made]


__all__ = [
    "SampleDataFileExtension",
    "download_file",
    "download_image",
    "download_knowledge_filters_sample_data",
    "save_base64_data",
]
