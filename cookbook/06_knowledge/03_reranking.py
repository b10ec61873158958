"""An embedder and a reranker behind an API, over a server on this machine, so that no key is needed.

Prints:
    found first: Tea is tea, and tea is tea.
    after reranking: Green tea is brewed at 80 degrees.
    4 texts in 1 request
"""

from agno.knowledge.document import Document
from agno.knowledge.embedder.openai_like import OpenAILikeEmbedder
from agno.knowledge.reranker import InfinityReranker
from agno.testing import ScriptedServer
from agno.vectordb.in_memory import InMemoryVectorDb

TEXTS = ["Tea is tea, and tea is tea.", "Green tea is brewed at 80 degrees.", "Black coffee.", "Cold milk."]


def judge(query: str, texts: list[str]) -> list[float]:
    """What a reranking model would say: does the text answer the question?"""
    return [float("degrees" in text) for text in texts]


if __name__ == "__main__":
    with ScriptedServer(rerank=judge) as server:
        # With keys: OpenAIEmbedder(), CohereEmbedder(), ...; CohereReranker(), AwsBedrockReranker(), ...
        embedder = OpenAILikeEmbedder(id="any", base_url=server.openai_url)
        db = InMemoryVectorDb(embedder=embedder)
        db.insert("texts", [Document(text) for text in TEXTS])
        requests = len(server.requests)
        found = db.search("How hot is tea?", limit=3)
        print("found first:", found[0].content)

        reranker = InfinityReranker(url=server.url, top_n=1)
        (best,) = reranker.rerank("How hot is tea?", found)
        print("after reranking:", best.content)
        print(f"{len(TEXTS)} texts in {requests} request")
