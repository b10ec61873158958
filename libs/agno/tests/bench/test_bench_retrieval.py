"""The labelled questions of the retrieval benchmark can be answered from the documents."""

from __future__ import annotations

import csv

from house.imports import REPOSITORY

QUESTIONS = REPOSITORY / "benchmarks" / "retrieval" / "questions.tsv"


def test_each_question_has_its_answer_in_its_document() -> None:
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    missing = [
        f"{file}: {answer!r} (asked: {question})" for question, file, answer in rows if not answers(file, answer)
    ]
    assert not missing, "the documents changed; bring questions.tsv up to date:\n" + "\n".join(missing)


def answers(file: str, words: str) -> bool:
    """Whether a document of the repository has these words, wherever its lines break."""
    path = REPOSITORY / file
    return path.exists() and " ".join(words.split()) in " ".join(path.read_text(encoding="utf-8").split())
