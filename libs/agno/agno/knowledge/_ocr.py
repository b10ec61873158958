"""Reading the text of images."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

from agno.knowledge._need import is_installed, missing, need

Ocr = Callable[[Any], str]  # from a PIL image to its text


def ocr_engine(wanted: str | Ocr | None, user: str) -> Ocr:
    """The function that reads images. None: RapidOCR if it is installed, else Tesseract, else an ImportError."""
    if callable(wanted):
        return wanted
    if wanted not in (None, "rapidocr", "tesseract"):
        raise ValueError(
            f"ocr={wanted!r} of {user}: use 'rapidocr', 'tesseract', or a function from a PIL image to text."
        )
    if wanted != "tesseract" and is_installed("rapidocr_onnxruntime"):
        return _rapidocr()
    if wanted != "rapidocr" and is_installed("pytesseract") and shutil.which("tesseract"):
        return _tesseract(user)
    if wanted == "tesseract":
        raise missing("pytesseract", f"{user} (which also needs the program tesseract)")
    raise missing("rapidocr-onnxruntime", user)


def _rapidocr() -> Ocr:
    engine = import_module("rapidocr_onnxruntime").RapidOCR()
    numpy = import_module("numpy")

    def read(image: Any) -> str:
        found, _ = engine(numpy.asarray(image.convert("RGB")))
        return "\n".join(line[1] for line in found or ())

    return read


def _tesseract(user: str) -> Ocr:
    pytesseract = need("pytesseract", "pytesseract", user)

    def read(image: Any) -> str:
        text: str = pytesseract.image_to_string(image.convert("RGB"))
        return text.strip()

    return read


__all__ = ["Ocr", "ocr_engine"]
