"""Readers of the web, against servers on the loopback interface that speak as the real ones do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from agno.knowledge._errors import ReaderError
from agno.knowledge.reader.arxiv_reader import ArxivReader
from agno.knowledge.reader.firecrawl_reader import FirecrawlReader
from agno.knowledge.reader.llms_txt_reader import LLMsTxtReader
from agno.knowledge.reader.tavily_reader import TavilyReader
from agno.knowledge.reader.url_reader import URLReader
from agno.knowledge.reader.web_search_reader import WebSearchReader
from agno.knowledge.reader.website_reader import WebsiteReader, registrable_domain
from agno.knowledge.reader.wikipedia_reader import WikipediaReader
from agno.knowledge.reader.youtube_reader import YouTubeReader, video_id_of

import making
from making import Answer, Request, Site, all_text
from reader_contract import COLOURS, ReaderContract

TEXT = "A page about apples, of some length, so that it is worth reading. "


def html(title: str, body: str) -> str:
    return f"<html><head><title>{title}</title></head><body><main>{body}</main></body></html>"


@pytest.fixture
def web() -> Iterator[Site]:
    with making.site() as site:
        yield site


def impatient(reader: Any) -> Any:
    """Without the pauses before retries."""
    reader.limits.pause = 0.0
    return reader


# URLReader -----------------------------------------------------------------------------------------------------------


class TestURLReader(ReaderContract):
    make = URLReader
    holds = ("# Fruit", TEXT.strip())

    @pytest.fixture
    def source(self, web: Site) -> str:
        web.pages["/fruit"] = html("Fruit", f"<h1>Fruit</h1><p>{TEXT}</p>")
        return f"{web.url}/fruit"

    @COLOURS
    def test_a_page_is_told_without_its_markup(self, source: str, colour: str) -> None:
        (document,) = making.read(URLReader(chunk=False), source, colour)
        assert (document.name, document.meta_data) == ("Fruit", {"url": source, "title": "Fruit"})
        assert "<" not in document.content


@COLOURS
def test_a_file_at_a_url_is_read_by_its_type(web: Site, colour: str) -> None:
    web.pages["/report"] = Answer(making.pdf("Apples are red."), kind="application/pdf")
    web.pages["/table.csv"] = Answer("a,b\n1,2\n", kind="application/octet-stream")
    web.pages["/notes.md"] = Answer("# Notes", kind="text/plain; charset=utf-8")
    web.pages["/data"] = Answer('{"a": 1}', kind="application/json")
    web.pages["/odd"] = Answer("plain text", kind="text/x-python")
    found = {}
    for path in web.pages:
        (document,) = making.read(URLReader(chunk=False), web.url + path, colour)
        assert document.meta_data["url"] == web.url + path
        found[path] = document.content
    assert found == {
        "/report": "Apples are red.",
        "/table.csv": "a, b\n1, 2",
        "/notes.md": "# Notes",
        "/data": '{"a":1}',
        "/odd": "plain text",
    }


def test_a_protected_file_at_a_url_takes_a_password(web: Site) -> None:
    web.pages["/locked.pdf"] = Answer(making.pdf("secret", password="open"), kind="application/pdf")
    assert "secret" in all_text(URLReader().read(f"{web.url}/locked.pdf", password="open"))


def test_what_nobody_reads_is_an_error(web: Site) -> None:
    web.pages["/film"] = Answer(b"\x00", kind="video/mp4")
    web.pages["/image"] = Answer(b"\x89PNG\r\n\x1a\n\x00\x00", kind="application/octet-stream")
    with pytest.raises(ReaderError, match="/film is video/mp4, for which there is no reader."):
        URLReader().read(f"{web.url}/film")
    with pytest.raises(ReaderError, match="is a PNG image, not text."):
        URLReader().read(f"{web.url}/image")


# WebsiteReader -------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(web: Site) -> Site:
    web.pages |= {
        "/": html(
            "Shop",
            f"{TEXT}<a href='/a'>a</a> <a href='b#part'>b</a> <a href='mailto:x@y.z'>m</a> <a href='/x.pdf'>p</a>",
        ),
        "/a": html("A", f"Page a. {TEXT}<a href='/'>home</a> <a href='/deep/c'>c</a> <a href='/gone'>gone</a>"),
        "/b": html("B", f"Page b. {TEXT}<a href='http://other.example/'>away</a>"),
        "/deep/c": html("C", f"Page c. {TEXT}<a href='d'>d</a>"),
        "/deep/d": html("D", f"Page d. {TEXT}"),
    }
    return web


class TestWebsiteReader(ReaderContract):
    make = WebsiteReader
    holds = ("Page a.", "Page b.", "Page c.")

    @pytest.fixture
    def source(self, shop: Site) -> str:
        return f"{shop.url}/"

    @COLOURS
    def test_pages_are_visited_breadth_first_and_once(self, shop: Site, colour: str) -> None:
        found = making.read(WebsiteReader(chunk=False), f"{shop.url}/", colour)
        assert shop.paths == ["/", "/a", "/b", "/deep/c", "/gone"]  # d is a fourth step
        assert [d.meta_data["url"].removeprefix(shop.url) for d in found] == ["/", "/a", "/b", "/deep/c"]
        assert [d.id for d in found] == [d.meta_data["url"] for d in found]

    def test_depth_and_number_are_limited(self, shop: Site) -> None:
        assert len(WebsiteReader(chunk=False, max_depth=1).read(f"{shop.url}/")) == 1
        assert len(WebsiteReader(chunk=False, max_depth=2).read(f"{shop.url}/")) == 3
        assert len(WebsiteReader(chunk=False, max_links=2).read(f"{shop.url}/")) == 2
        assert "Page d." in all_text(WebsiteReader(chunk=False, max_depth=4).read(f"{shop.url}/"))

    def test_the_texts_can_be_had_by_url(self, shop: Site) -> None:
        texts = WebsiteReader(max_depth=2).crawl(f"{shop.url}/")
        assert list(texts) == [f"{shop.url}/", f"{shop.url}/a", f"{shop.url}/b"]

    def test_the_first_page_must_be_there(self, shop: Site) -> None:
        with pytest.raises(ReaderError, match="/missing answered 404 Not Found."):
            WebsiteReader().read(f"{shop.url}/missing")


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://docs.shop.com/x", "shop.com"),
        ("https://docs.shop.co.uk", "shop.co.uk"),
        ("https://shop.de", "shop.de"),
        ("http://localhost:80", "localhost"),
        ("http://127.0.0.1:1/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://[half", ""),
    ],
)
def test_the_registrable_domain(url: str, domain: str) -> None:
    assert registrable_domain(url) == domain


# llms.txt ------------------------------------------------------------------------------------------------------------


class TestLLMsTxtReader(ReaderContract):
    make = LLMsTxtReader
    holds = ("# Docs", "First page", "Second page")

    @pytest.fixture
    def source(self, web: Site) -> str:
        web.pages |= {
            "/llms.txt": Answer("# Docs\n\n- [One](/one.md): first\n- [Two](/two)\n- [Film](/film)\n## Optional\n- [More](/more)", kind="text/plain"),
            "/one.md": Answer("First page", kind="text/markdown"),
            "/two": html("Two", "Second page"),
            "/film": Answer(b"\x00", kind="video/mp4"),
            "/more": html("More", "Third page"),
        }  # fmt: skip
        return f"{web.url}/llms.txt"

    def test_optional_pages_and_their_number_are_chosen(self, source: str) -> None:
        assert "Third page" in all_text(LLMsTxtReader().read(source))
        assert "Third page" not in all_text(LLMsTxtReader(skip_optional=True).read(source))
        assert "Second page" not in all_text(LLMsTxtReader(max_urls=1).read(source))


# Wikipedia -----------------------------------------------------------------------------------------------------------


def mediawiki(request: Request) -> Answer:
    """The API as far as it is asked: extracts of articles, and the search."""
    asked = request.query
    if asked.get("list") == "search":
        hits = [{"title": "Apple pie"}] if "pie" in asked["srsearch"].lower() else []
        found: dict[str, Any] = {"query": {"searchinfo": {}, "search": hits}}
    elif asked["titles"].lower() in ("apple", "apple pie"):
        page = {"pageid": 1, "title": asked["titles"].capitalize(), "extract": f"{asked['titles']} is food. " * 3}
        found = {"batchcomplete": True, "query": {"pages": [page]}}
    elif asked["titles"] == "|":
        found = {"error": {"code": "invalidtitle", "info": "Bad title."}}
    else:
        found = {"batchcomplete": True, "query": {"pages": [{"title": asked["titles"], "missing": True}]}}
    return Answer(json.dumps(found), kind="application/json; charset=utf-8")


class TestWikipediaReader(ReaderContract):
    make = WikipediaReader
    holds = ("Apple is food.",)

    @pytest.fixture(autouse=True)
    def wiki(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        web.pages["/w/api.php"] = mediawiki
        monkeypatch.setattr(
            type(self), "make", lambda **settings: WikipediaReader(api_url=f"{web.url}/w/api.php", **settings)
        )
        return web

    @pytest.fixture
    def source(self) -> str:
        return "Apple"

    def test_the_best_match_is_taken_if_that_is_wanted(self, wiki: Site, reader: Any) -> None:
        (document,) = reader.read("how to bake a pie")
        assert document.content.startswith("Apple pie is food.")
        assert document.meta_data == {"topic": "how to bake a pie", "url": f"{wiki.url}/wiki/Apple_pie"}
        reader.auto_suggest = False
        with pytest.raises(ReaderError, match="Wikipedia has no article 'how to bake a pie'."):
            reader.read("how to bake a pie")

    def test_no_match_and_refusals_are_errors(self, reader: Any) -> None:
        with pytest.raises(ReaderError, match="has no article 'nothing'"):
            reader.read("nothing")
        with pytest.raises(ReaderError, match="refused: Bad title."):
            reader.read("|")

    def test_it_is_the_wikipedia_of_a_language(self) -> None:
        assert WikipediaReader(language="de").api_url == "https://de.wikipedia.org/w/api.php"


# arXiv ---------------------------------------------------------------------------------------------------------------

FEED = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">
<title>ArXiv Query</title><id>http://arxiv.org/api/x</id><updated>2025-01-01T00:00:00-05:00</updated>
<opensearch:totalResults>{count}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>
<opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>{entries}</feed>"""
PAPER = """<entry><id>http://arxiv.org/abs/2501.0000{n}v1</id><updated>2025-01-0{n}T00:00:00Z</updated>
<published>2025-01-0{n}T00:00:00Z</published><title>Paper {n}</title><summary>On apples, part {n}.</summary>
<author><name>A. Uthor</name></author><link href="http://arxiv.org/abs/2501.0000{n}v1" rel="alternate" type="text/html"/>
<link title="pdf" href="http://arxiv.org/pdf/2501.0000{n}v1" rel="related" type="application/pdf"/>
<arxiv:primary_category term="cs.AI" scheme="http://arxiv.org/schemas/atom"/><category term="cs.AI"/></entry>"""


def arxiv_api(request: Request) -> Answer:
    if request.query["search_query"] == "broken":
        return Answer("no", 400)
    count = 0 if request.query["search_query"] == "nothing" else min(2, int(request.query["max_results"]))
    entries = "".join(PAPER.format(n=n) for n in range(1, count + 1))
    return Answer(FEED.format(count=count, entries=entries), kind="application/atom+xml")


class TestArxivReader(ReaderContract):
    make = ArxivReader
    holds = ("Paper 1\n\nOn apples, part 1.", "Paper 2")

    @pytest.fixture(autouse=True)
    def server(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        import arxiv

        web.pages["/api/query"] = arxiv_api
        monkeypatch.setattr(arxiv.Client, "query_url_format", f"{web.url}/api/query?{{}}")
        return web

    @pytest.fixture
    def source(self) -> str:
        return "apples"

    @COLOURS
    def test_the_facts_say_where_the_paper_is(self, server: Site, colour: str) -> None:
        (document,) = making.read(ArxivReader(chunk=False, max_results=1, sort_by="submittedDate"), "apples", colour)
        assert document.id == "2501.00001v1"
        assert document.meta_data["pdf_url"].endswith("arxiv.org/pdf/2501.00001v1")
        assert "arxiv.org/abs/2501.00001v1" in document.meta_data["article_links"]
        assert server.requests[0].query["sortBy"] == "submittedDate"

    def test_no_paper_and_a_refusal_are_errors(self) -> None:
        import arxiv

        with pytest.raises(ReaderError, match="nothing holds no text."):
            ArxivReader().read("nothing")
        with pytest.raises(ReaderError, match=r"arXiv gave nothing: .*HTTP 400"):
            ArxivReader(client=arxiv.Client(num_retries=0)).read("broken")


# YouTube -------------------------------------------------------------------------------------------------------------

WATCH = '<html><script>ytcfg.set({"INNERTUBE_API_KEY": "key-1"});</script></html>'
TRANSCRIPT = """<?xml version="1.0" encoding="utf-8" ?><transcript><text start="0" dur="1.5">Apples &amp;amp; plums</text>
<text start="1.5" dur="2">are
fruit.</text></transcript>"""


def player(request: Request) -> Answer:
    video = json.loads(request.body)["videoId"]
    if video == "unavailable":
        status = {"status": "ERROR", "reason": "This video is unavailable"}
        return Answer(json.dumps({"playabilityStatus": status}), kind="application/json")
    tracks = [{"baseUrl": "https://www.youtube.com/api/timedtext?v=" + video, "name": {"runs": [{"text": "English"}]}, "languageCode": "en", "isTranslatable": False}]  # fmt: skip
    found = {
        "playabilityStatus": {"status": "OK"},
        "captions": {"playerCaptionsTracklistRenderer": {"captionTracks": tracks}},
    }
    return Answer(json.dumps(found), kind="application/json")


class ToLoopback(HTTPAdapter):
    """Sends what is meant for another host to a server on this machine."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = self.url + request.path_url
        return super().send(request, *args, **kwargs)


class TestYouTubeReader(ReaderContract):
    make = YouTubeReader
    holds = ("Apples & plums are fruit.",)

    @pytest.fixture(autouse=True)
    def youtube(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        web.pages |= {
            "/watch": WATCH,
            "/youtubei/v1/player": player,
            "/api/timedtext": Answer(TRANSCRIPT, kind="text/xml"),
        }

        def make(**settings: Any) -> YouTubeReader:
            client = requests.Session()
            client.mount("https://", ToLoopback(web.url))
            return YouTubeReader(http_client=client, **settings)

        monkeypatch.setattr(type(self), "make", make)
        return web

    @pytest.fixture
    def source(self) -> str:
        return "https://www.youtube.com/watch?v=abcdefghijk"

    def test_the_video_is_named(self, reader: Any, source: str) -> None:
        (document,) = reader.read(source)
        assert document.id == "youtube_abcdefghijk"
        assert document.meta_data == {"video_url": source, "video_id": "abcdefghijk", "language": "en"}

    def test_a_video_without_transcript_is_an_error(self, reader: Any) -> None:
        with pytest.raises(
            ReaderError, match="There is no transcript of unavailable: The video is no longer available."
        ):
            reader.read("unavailable")
        reader.languages = ("fr",)
        with pytest.raises(ReaderError, match="No transcripts were found for any of the requested language codes"):
            reader.read("abcdefghijk")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?t=3&v=abcdefghijk",
        "https://youtu.be/abcdefghijk?t=3",
        "youtube.com/shorts/abcdefghijk",
        "https://m.youtube.com/live/abcdefghijk",
        "https://www.youtube-nocookie.com/embed/abcdefghijk",
        "abcdefghijk",
    ],
)
def test_every_form_of_a_video_url_is_known(url: str) -> None:
    assert video_id_of(url) == "abcdefghijk"


@pytest.mark.parametrize(
    "url",
    ["https://youtube.com.example.org/watch?v=abcdefghijk", "https://youtu.be/", "x", "https://youtube.com/@channel"],
)
def test_other_urls_are_no_videos(url: str) -> None:
    with pytest.raises(ReaderError, match="is no URL of a YouTube video"):
        video_id_of(url)


# Firecrawl and Tavily ------------------------------------------------------------------------------------------------


def firecrawl_page(url: str) -> dict[str, Any]:
    return {"markdown": f"# Page\n\n{TEXT}", "metadata": {"sourceURL": url, "title": "Page", "statusCode": 200}}


def scrape(request: Request) -> Answer:
    asked = json.loads(request.body)
    if request.headers.get("Authorization") != "Bearer fc-1":
        return Answer(json.dumps({"success": False, "error": "Invalid token"}), 401, "application/json")
    return Answer(json.dumps({"success": True, "data": firecrawl_page(asked["url"])}), kind="application/json")


class TestFirecrawlReader(ReaderContract):
    make = FirecrawlReader
    holds = ("# Page", TEXT.strip())

    @pytest.fixture(autouse=True)
    def server(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        done = {"success": True, "status": "completed", "completed": 2, "total": 2, "creditsUsed": 2, "data": [firecrawl_page("https://a.example/1"), firecrawl_page("https://a.example/2")]}  # fmt: skip
        web.pages |= {
            "/v2/scrape": scrape,
            "/v2/crawl": Answer(json.dumps({"success": True, "id": "c1", "url": "x"}), kind="application/json"),
            "/v2/crawl/c1": Answer(json.dumps(done), kind="application/json"),
        }
        monkeypatch.setattr(
            type(self),
            "make",
            lambda **settings: FirecrawlReader(**{"api_key": "fc-1", "api_url": web.url, **settings}),
        )
        return web

    @pytest.fixture
    def source(self) -> str:
        return "https://a.example/page"

    @COLOURS
    def test_a_site_gives_a_document_for_each_page(self, server: Site, colour: str) -> None:
        reader = FirecrawlReader("fc-1", mode="crawl", params={"limit": 2}, api_url=server.url, chunk=False)
        found = making.read(reader, "https://a.example/", colour)
        assert [d.meta_data for d in found] == [{"url": f"https://a.example/{n}", "title": "Page"} for n in (1, 2)]
        assert json.loads(server.requests[0].body)["limit"] == 2

    def test_a_wrong_key_and_none_are_errors(self, server: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(
            ReaderError, match="Firecrawl gave nothing for https://a.example: Unauthorized: .*Invalid token"
        ):
            FirecrawlReader("wrong", api_url=server.url).read("https://a.example")
        monkeypatch.delenv("FIRECRAWL_API_KEY", raising=False)
        with pytest.raises(ReaderError, match="set FIRECRAWL_API_KEY"):
            FirecrawlReader().read("https://a.example")
        with pytest.raises(ValueError, match="use 'scrape' or 'crawl'"):
            FirecrawlReader(mode="map")  # type: ignore[arg-type]


def extract(request: Request) -> Answer:
    asked = json.loads(request.body)
    if request.headers.get("Authorization") != "Bearer tvly-1":
        return Answer(
            json.dumps({"detail": {"error": "Unauthorized: missing or invalid API key."}}), 401, "application/json"
        )
    failed = [{"url": url, "error": "Failed to fetch url"} for url in asked["urls"] if "gone" in url]
    found = [
        {"url": url, "raw_content": f"{asked['format']} of {TEXT}", "images": []}
        for url in asked["urls"]
        if "gone" not in url
    ]
    return Answer(
        json.dumps({"results": found, "failed_results": failed, "response_time": 0.1}), kind="application/json"
    )


class TestTavilyReader(ReaderContract):
    make = TavilyReader
    holds = ("markdown of A page about apples",)

    @pytest.fixture(autouse=True)
    def server(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        web.pages["/extract"] = extract
        monkeypatch.setattr(
            type(self),
            "make",
            lambda **settings: TavilyReader(**{"api_key": "tvly-1", "api_base_url": web.url, **settings}),
        )
        return web

    @pytest.fixture
    def source(self) -> str:
        return "https://a.example/page"

    def test_several_pages_at_once(self, server: Site, reader: Any) -> None:
        assert len(reader.read(["https://a.example/1", "https://a.example/2"])) == 2
        assert len(server.requests) == 1

    def test_failures_are_errors(self, server: Site, reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ReaderError, match="Tavily gave nothing for https://a.example/gone: Failed to fetch url."):
            reader.read("https://a.example/gone")
        with pytest.raises(ReaderError, match="invalid API key"):
            TavilyReader("wrong", api_base_url=server.url).read("https://a.example")
        monkeypatch.delenv("TAVILY_API_KEY", raising=False)
        with pytest.raises(ReaderError, match="set TAVILY_API_KEY"):
            TavilyReader().read("https://a.example")


# Web search ----------------------------------------------------------------------------------------------------------


class TestWebSearchReader(ReaderContract):
    make = WebSearchReader
    holds = ("Page one.", "Page two.")

    @pytest.fixture(autouse=True)
    def engine(self, web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        from ddgs.engines.duckduckgo import Duckduckgo

        def results(request: Request) -> Answer:
            hits = "" if b"nothing" in request.body else "".join(
                f'<div class="result body"><h2>Hit {path}</h2><a href="{web.url}/{path}">About {path}</a></div>'
                for path in ("one", "gone", "two", "one")
            )  # fmt: skip
            return Answer(f"<html><body>{hits}</body></html>")

        web.pages |= {
            "/html/": results,
            "/one": html("One", f"Page one. {TEXT}"),
            "/two": html("Two", f"Page two. {TEXT}"),
        }
        monkeypatch.setattr(Duckduckgo, "search_url", f"{web.url}/html/")

        def make(**settings: Any) -> WebSearchReader:
            quick = {"delay_between_requests": 0, "search_delay": 0, "allow_private": True}
            return WebSearchReader(**{**quick, **settings})

        monkeypatch.setattr(type(self), "make", make)
        return web

    @pytest.fixture
    def source(self) -> str:
        return "apples"

    def test_the_facts_say_how_it_was_found(self, engine: Site, reader: Any) -> None:
        found = reader.read("apples")
        assert [d.meta_data["url"] for d in found] == [f"{engine.url}/one", f"{engine.url}/two"]
        facts = found[0].meta_data
        assert (facts["title"], facts["description"], facts["search_query"]) == ("Hit one", "About one", "apples")

    def test_a_search_is_repeated_before_it_fails(self, engine: Site, reader: Any) -> None:
        with pytest.raises(ReaderError, match="nothing"):
            reader.read("nothing")
        assert engine.paths.count("/html/") == 3

    def test_hits_do_not_lead_into_a_private_network(self, engine: Site) -> None:
        with pytest.raises(ReaderError, match="holds no text"):
            WebSearchReader(delay_between_requests=0).read("apples")
        assert engine.paths == ["/html/"]

    def test_waiting_grows_where_the_engine_says_too_much(self) -> None:
        reader = WebSearchReader(search_delay=1, rate_limit_delay=5)
        limited, other = ReaderError("DuckDuckGo gave nothing: 202 Ratelimit."), ReaderError("no")
        assert [reader._delay(n, limited) for n in (1, 2, 9)] == [5, 10, 60]
        assert [reader._delay(n, other) for n in (1, 2)] == [1, 2]

    def test_engines(self) -> None:
        with pytest.raises(ValueError, match="use 'duckduckgo' or 'google'"):
            WebSearchReader(search_engine="altavista")  # type: ignore[arg-type]
        with pytest.raises(ImportError, match="pip install googlesearch-python"):
            WebSearchReader(search_engine="google")
