"""Embeddings of models in Amazon Bedrock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._aws import Credentials, aws_client, aws_error
from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector

_COUNTED = "x-amzn-bedrock-input-token-count"


@dataclass
class AwsBedrockEmbedder(SdkEmbedder):
    """Cohere's and Amazon's (Titan) embedding models in Bedrock, over boto3, which finds keys as it always does.

    Given keys and `aws_region` come first, else those of `session`, else `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    `AWS_REGION`, a profile, or the role of the machine. Titan takes one text per request. `input_type`, `truncate` and
    `embedding_types` are Cohere's. `request_params` is merged last into every request's body, `client_params` last into the
    client's arguments. Asynchronous calls run in worker threads: boto3 has no other.
    """

    id: str = "cohere.embed-multilingual-v3"
    dimensions: int | None = 1024
    batch_size: int = 96  # the most that Cohere takes
    input_type: str = "search_query"
    truncate: str | None = None
    embedding_types: list[str] | None = None
    aws_region: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_session_token: str | None = None
    session: Any = None  # a boto3.Session
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    client: Any = None

    package: ClassVar[str] = "boto3"
    provider: ClassVar[str] = "Amazon Bedrock"
    key_variables: ClassVar[tuple[str, ...]] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    awaits: ClassVar[bool] = False

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        if "titan-embed" not in self.id or len(texts) == 1:
            return await super().embed_batch(io, texts)
        each = await io.gather(*[super(AwsBedrockEmbedder, self).embed_batch(io, [text]) for text in texts])
        counts = [usage["input_tokens"] for _, usage in each if usage]
        return [vector for (vector,), _ in each], {"input_tokens": sum(counts)} if counts else None

    def make_client(self) -> Any:
        keys = Credentials(
            self.aws_region, self.aws_access_key_id, self.aws_secret_access_key, self.aws_session_token, self.session
        )
        return aws_client("bedrock-runtime", keys, self.client_params)

    def request(self, texts: list[str]) -> dict[str, Any]:
        body = self._titan(texts[0]) if "titan-embed" in self.id else self._cohere(texts)
        return {
            "modelId": self.id,
            "body": json.dumps({**body, **(self.request_params or {})}),
            "contentType": "application/json",
            "accept": "application/json",
        }

    def _cohere(self, texts: list[str]) -> dict[str, Any]:
        named: dict[str, Any] = {"truncate": self.truncate, "embedding_types": self.embedding_types}
        if "embed-v4" in self.id:
            named["output_dimension"] = self.dimensions
        given = {name: value for name, value in named.items() if value is not None}
        return {"texts": texts, "input_type": self.input_type, **given}

    def _titan(self, text: str) -> dict[str, Any]:
        wished = {"dimensions": self.dimensions} if "titan-embed-text-v2" in self.id else {}
        return {"inputText": text, **wished}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        answer = client.invoke_model(**request)
        return json.loads(answer["body"].read()), answer["ResponseMetadata"].get("HTTPHeaders", {})

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        answer, headers = response
        tokens = answer.get("inputTextTokenCount", headers.get(_COUNTED))
        usage = None if tokens is None else {"input_tokens": int(tokens)}
        if "embedding" in answer:
            return [answer["embedding"]], usage
        found = answer["embeddings"]
        return (next(iter(found.values()), []) if isinstance(found, dict) else found), usage

    def translate_error(self, error: Exception) -> Exception:
        return super().translate_error(aws_error(error, self))


__all__ = ["AwsBedrockEmbedder"]
