"""Readers make documents of files, and chunkers cut them. The suffix chooses the reader.

Prints:
    menu.csv: 3 chunks, the last is 'tea, 2.50'
    guide.md: 2 chunks, the last is '## Cleaning'
    page.html: 1 chunks, the last is '# Opening hours'
    'broken.json' is refused: broken.json is no JSON: ...
"""

from pathlib import Path

from agno.knowledge.chunking.markdown import MarkdownChunking
from agno.knowledge.reader import ReaderError
from agno.knowledge.reader.reader_factory import ReaderFactory

FILES = {
    "menu.csv": "drink,price\ncoffee,3.00\ntea,2.50\n",
    "guide.md": "# Coffee machine\n\nFill the tank.\n\n## Cleaning\n\nRinse it every day.\n",
    "page.html": "<html><body><nav>Home</nav><h1>Opening hours</h1><p>Nine to five.</p></body></html>",
    "broken.json": '{"drink": ',
}

if __name__ == "__main__":
    for name, text in FILES.items():
        Path(name).write_text(text)
        reader = ReaderFactory.get_reader_for_extension(Path(name).suffix)
        if name.endswith(".md"):  # a reader with settings of its own is not shared
            sections = MarkdownChunking(chunk_size=200, split_on_headings=True)
            reader = ReaderFactory.create_reader("markdown", chunking_strategy=sections)
        try:
            chunks = reader.read(name)
        except ReaderError as error:
            print(f"{name!r} is refused: {error}")
            continue
        print(f"{name}: {len(chunks)} chunks, the last is {chunks[-1].content.splitlines()[0]!r}")
