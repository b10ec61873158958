"""Knowledge in a DuckDB file beside your own tables, and a query in SQL that joins both.

Needs: pip install "agno[duckdb]"

Prints:
    Coffee is roasted for twelve minutes.
    coffee costs 3.0: Coffee is roasted for twelve minutes.
    tea costs 2.5: Tea is picked in spring.
"""

import duckdb

from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.duckdb import DuckDb

TEXTS = {
    "tea": "Tea is picked in spring.",
    "coffee": "Coffee is roasted for twelve minutes.",
}

if __name__ == "__main__":
    connection = duckdb.connect("shop.duckdb")
    connection.execute("CREATE TABLE prices (drink TEXT, price DOUBLE)")
    connection.execute("INSERT INTO prices VALUES ('tea', 2.5), ('coffee', 3.0)")

    # With a key: OpenAIEmbedder().
    knowledge = Knowledge(vector_db=DuckDb("drinks", connection=connection, embedder=HashingEmbedder()))
    for drink, text in TEXTS.items():
        knowledge.add_content(name=drink, text_content=text)

    (found,) = knowledge.search("How long is coffee roasted?", max_results=1)
    print(found.content)

    joined = "SELECT name, price, content FROM drinks JOIN prices ON name = drink ORDER BY price DESC"
    for name, price, content in connection.execute(joined).fetchall():
        print(f"{name} costs {price}: {content}")
    connection.close()
