"""`agno ask`: answers with their place, and refusals of one sentence and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from agno.testing import ScriptedServer, fails, says, wants

from agno_command import NOBODY_LISTENS, Agno


def a_pdf(path: Path, *pages: str, password: str | None = None) -> None:
    canvas = Canvas(str(path), encrypt=StandardEncryption(password) if password else None)
    for text in pages:
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()


# Answers --------------------------------------------------------------------------------------------------------------


def test_an_answer_names_file_and_line_and_says_that_rules_give_it(agno: Agno, folder: Path) -> None:
    (folder / "birds.md").write_text("# Birds\n\nDucks swim.\n\n## Geese\n\nGeese fly to Africa in autumn.\n")
    ended = agno("ask", ".", "Where do geese fly?")
    assert ended.code == 0
    assert ended.out == "birds.md:7\n> Geese fly to Africa in autumn.\n"
    assert ended.err.count("OfflineModel answers: rules that quote, no language model") == 1


def test_an_answer_from_a_pdf_names_the_page(agno_here: Agno, folder: Path) -> None:
    a_pdf(folder / "r.pdf", "Introduction to ducks.", "The mallard lives near lakes.", "Geese are bigger.")
    assert (
        agno_here("ask", "r.pdf", "Where does the mallard live?").out
        == "r.pdf, page 2\n> The mallard lives near lakes.\n"
    )


def test_an_answer_from_html_leaves_scripts_out(agno_here: Agno, folder: Path) -> None:
    page = "<html><head><title>T</title><script>var geese;</script></head>\n<body><h1>Birds</h1>\n<p>Geese\nhonk</p></body>"
    (folder / "a.html").write_text(page)
    ended = agno_here("ask", "a.html", "What do geese do?")
    assert "> Geese honk" in ended.out and "var" not in ended.out and "a.html:" in ended.out


def test_a_question_that_names_a_function_finds_its_definition(agno_here: Agno, folder: Path) -> None:
    body = "import os\nfrom b import chosen_model\n\n\ndef other():\n    chosen_model()\n    chosen_model()\n\n\n"
    (folder / "a.py").write_text(body + 'def chosen_model():\n    """Choose."""\n    return 1\n')
    first, fence = agno_here("ask", "a.py", "What does chosen_model do?").out.splitlines()[:2]
    assert (first, fence) == ("a.py:10-12", "```py")


def test_names_in_any_script_and_of_any_bytes_can_be_read(agno: Agno, folder: Path) -> None:
    (folder / "Ünï 日本.md").write_text("Das Müsli schmeckt gut, sagte Änne.\n")
    with open(os.fsencode(folder) + b"/bad\xff.txt", "w") as file:
        file.write("Penguins cannot fly.\n")
    assert agno("ask", ".", "Wie schmeckt das Müsli?").out.startswith("Ünï 日本.md:1\n> Das Müsli schmeckt")
    assert "> Penguins cannot fly." in agno("ask", ".", "Can penguins fly?").out


def test_a_terminal_that_knows_ascii_only_gets_an_answer(agno: Agno, folder: Path) -> None:
    (folder / "a.txt").write_bytes("Der Bär schläft.\n".encode("latin-1"))
    ended = agno("ask", "a.txt", "bär schläft", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert ended.code == 0 and "Der B?r schl?ft." in ended.out


def test_five_hundred_files_are_searched_and_the_right_one_is_quoted(agno_here: Agno, folder: Path) -> None:
    for number in range(500):
        (folder / f"f{number}.md").write_text(f"# Note {number}\n\nThe number of this note is {number}.\n")
    assert agno_here("ask", ".", "What is the number of note 77?").out.startswith(
        "f77.md:3\n> The number of this note is 77."
    )


def test_standard_input_is_a_document(agno: Agno) -> None:
    ended = agno("ask", "-", "What failed?", given="all fine\n\nthe disk failed\n")
    assert ended.out.startswith("standard input:3\n> the disk failed")


def test_what_is_no_text_in_a_folder_is_counted_and_what_is_broken_is_named(agno: Agno, folder: Path) -> None:
    for number in range(20):
        (folder / f"{number}.bin").write_bytes(bytes(range(256)) * 8)
    a_pdf(folder / "secret.pdf", "hidden", password="x")
    os.mkfifo(folder / "pipe")
    (folder / "a.md").write_text("Ducks swim.\n")
    ended = agno("ask", ".", "What do ducks do?")
    assert ended.code == 0 and "> Ducks swim." in ended.out
    assert "left out: 20 files that are binary data." in ended.err
    assert "left out: secret.pdf is encrypted" in ended.err
    assert len(ended.err.splitlines()) == 3


def test_a_question_that_nothing_answers_is_not_answered_with_something_else(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("The capital of the company was raised in spring.\n")
    assert (
        "Nothing in the documents answers this plainly"
        in agno_here("ask", ".", "What is the capital city of France?").out
    )
    assert agno_here("ask", ".", "zebra").out == "The tools found nothing about this.\n"


def test_a_language_model_searches_and_streams_its_answer(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    with ScriptedServer(wants("search_documents", query="ducks"), says("They swim (a.md:1).")) as server:
        ended = agno_here(
            "ask", ".", "Ducks?", "--model", "openai-chat:m", OPENAI_API_KEY="k", OPENAI_BASE_URL=server.openai_url
        )
    assert (ended.code, ended.out, ended.err) == (0, "They swim (a.md:1).\n", "")
    assert any("a.md:1" in str(message.content) for message in server.requests[1].messages)


def test_the_first_key_that_is_set_chooses_the_model(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    with ScriptedServer(says("Hello.")) as server:
        ended = agno_here("ask", ".", "Ducks?", OPENAI_API_KEY="k", OPENAI_BASE_URL=server.openai_url)
    assert (ended.out, server.requests[0].json["model"]) == ("Hello.\n", "gpt-4o")


def test_a_running_ollama_is_chosen_before_the_offline_model(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    with ScriptedServer(says("Quack."), models=["duck:1b"]) as server:
        ended = agno_here("ask", ".", "Ducks?", OLLAMA_HOST=server.ollama_url.removeprefix("http://"))
    assert (ended.out, ended.err, server.requests[-1].json["model"]) == ("Quack.\n", "", "duck:1b")


def test_a_reader_that_has_seen_enough_is_no_error(agno: Agno, folder: Path, environment: dict[str, str]) -> None:
    (folder / "a.md").write_text("Ducks swim.\n" * 2000)
    command = f"{sys.executable} -m agno.cli.main ask a.md ducks | head -c 1 >/dev/null"
    ended = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, timeout=50, check=False
    )
    assert b"Traceback" not in ended.stderr and b"Broken" not in ended.stderr


def test_streams_that_are_closed_are_no_error(folder: Path, environment: dict[str, str]) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    command = f"{sys.executable} -m agno.cli.main ask a.md ducks <&- >&- 2>&-"
    ended = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, timeout=50, check=False)
    assert ended.returncode == 0


def test_where_the_system_knows_no_home_it_works_in_the_folder(
    agno_here: Agno, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (folder / "a.md").write_text("Ducks swim.\n")
    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert "Ducks swim." in agno_here("ask", "a.md", "ducks", AGNO_CACHE_DIR="").out
    assert (folder / ".cache" / "agno").is_dir()


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.md", "q"], "There is no file or folder 'nope.md'."),
        (["", "q"], "A path is empty. Write . for the folder you are in."),
        (["a.md", "Where", "is", "it"], "put the whole question in quotation marks"),
        (["a.md"], "The question is missing: 'a.md' is a path."),
        (["what?"], "needs at least one file or folder"),
        (["a.md", "  "], "The question is empty."),
        (["empty", "q"], "There is nothing to read in 'empty'"),
        (["blank.txt", "q"], "There is nothing to read in 'blank.txt'"),
        (["rubbish.txt", "q"], "rubbish.txt is binary data"),
        (["encrypted.pdf", "q"], "encrypted.pdf is encrypted; save a copy without a password."),
        (["damaged.pdf", "q"], "damaged.pdf is no PDF that can be read"),
        (["scanned.pdf", "q"], "scanned.pdf holds no text"),
        (["/dev/zero", "q"], "/dev/zero is larger than 50 MB"),
        (["a.md", "q", "--model", "nonsense"], "'nonsense' is no model: write provider:model_id"),
        (["a.md", "q", "--model", "foo:bar"], "Unknown model provider 'foo'. Providers: anthropic"),
        (["a.md", "q", "--model", "openai:gpt-4o"], "set OPENAI_API_KEY"),
        (["a.md", "q", "--model", "anthropic:c"], "set ANTHROPIC_API_KEY"),
        (["a.md", "q", "--model", "google:g"], "set GOOGLE_API_KEY or GEMINI_API_KEY"),
        (["a.md", "q", "--model", "ollama:l"], f"is the server at {NOBODY_LISTENS} running?"),
    ],
)
def test_each_mistake_gets_one_sentence_and_exit_code_2(
    agno_here: Agno, folder: Path, arguments: list[str], said: str
) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    (folder / "empty").mkdir()
    (folder / "blank.txt").write_text("\n\n")
    (folder / "rubbish.txt").write_bytes(bytes(range(256)) * 40)
    a_pdf(folder / "encrypted.pdf", "hidden", password="secret")
    a_pdf(folder / "scanned.pdf", "")
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.4\nrubbish\n" + bytes(range(256)))
    assert said in agno_here("ask", *arguments).refuses()


def test_a_mistake_ends_the_process_with_exit_code_2(agno: Agno) -> None:
    assert agno("ask", "nope.md", "q").refuses().startswith("There is no file or folder 'nope.md'")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file; the test below plays it")
def test_a_file_without_read_permission(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("secret")
    (folder / "a.md").chmod(0)
    assert agno_here("ask", "a.md", "q").refuses() == "a.md cannot be read: Permission denied."


def test_files_that_refuse_to_be_read_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agno.cli import _documents

    def refuse(path: object, mode: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_documents, "open", refuse, raising=False)
    with pytest.raises(_documents.DocumentError, match="a.md cannot be read: Permission denied."):
        _documents.bytes_of(folder / "a.md")


@pytest.mark.parametrize(
    ("turn", "out", "said"),
    [
        (fails(401, "Incorrect API key provided."), "", "OpenAI refused the key: Incorrect API key provided."),
        (fails(404, "No such model", code="model_not_found"), "", "OpenAI has no model 'm'"),
        (fails(429, "slow down"), "", "too many requests, try again later: slow down."),
        (fails(500, "oops\n<html>\n"), "", "OpenAI failed: oops <html>."),
        (fails("cut"), "", "The connection to OpenAI failed: "),
        (fails("cut", text="Half of an answer", after=2), "Half of \n", "The answer broke off here: The connection"),
        (fails("malformed", text="Half of it", after=1), "Half\n", "The answer broke off here: OpenAI answered"),
        (fails(500, "boom", text="Half of it", after=1), "Half\n", "The answer broke off here: boom."),
    ],
)
def test_what_fails_at_the_provider_is_one_sentence_and_what_was_said_stays(
    agno_here: Agno, folder: Path, turn: object, out: str, said: str
) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    with ScriptedServer(turn, repeat=True) as server:
        key = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.openai_url}
        ended = agno_here("ask", ".", "q", "--model", "openai-chat:m", **key)
    assert said in ended.refuses()
    assert ended.out == out


def test_a_server_that_is_down_is_named_by_its_address(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    ended = agno_here(
        "ask", ".", "q", "--model", "openai:m", OPENAI_API_KEY="k", OPENAI_BASE_URL=f"{NOBODY_LISTENS}/v1"
    )
    assert f"Connection refused; is the server at {NOBODY_LISTENS}/v1 running?" in ended.refuses()


def test_a_missing_sdk_is_told_with_what_to_install(agno: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Ducks swim.\n")
    (folder / "hide").mkdir()
    hide = "import importlib.util as u, sys\nfound = u.find_spec\nu.find_spec = lambda n, *a: None if n == 'openai' else found(n, *a)\n"
    (folder / "hide" / "sitecustomize.py").write_text(hide)
    ended = agno("ask", "a.md", "q", "--model", "openai:m", OPENAI_API_KEY="k", PYTHONPATH=str(folder / "hide"))
    assert ended.refuses() == "OpenAIResponses needs the package 'openai': pip install openai"


def test_without_a_subcommand_it_shows_what_there_is(agno_here: Agno) -> None:
    ended = agno_here()
    assert ended.code == 2 and "ask" in ended.err and "chat" in ended.err
    assert agno_here("frobnicate").code == 2
    assert agno_here("--version").out.startswith("agno ")
