"""Rerankers in Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agno.knowledge._aws import Credentials, aws_client, aws_error
from agno.knowledge.reranker._sdk import SdkReranker


class AwsBedrockReranker(SdkReranker):
    """A reranking model in Bedrock, over boto3, which finds keys as it always does.

    `model` is the id of a model, such as `amazon.rerank-v1:0`, or its ARN. Given keys and `aws_region` come first, else
    those of `session`, else those of the environment. `client_params` are further arguments of the client. Asynchronous calls
    run in worker threads: boto3 has no other.
    """

    model: str = "cohere.rerank-v3-5:0"
    aws_region: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_session_token: str | None = None
    session: Any = None  # a boto3.Session
    additional_model_request_fields: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    client: Any = None

    package: ClassVar[str] = "boto3"
    module: ClassVar[str] = "boto3"
    provider: ClassVar[str] = "Amazon Bedrock"
    key_variables: ClassVar[tuple[str, ...]] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    awaits: ClassVar[bool] = False

    def make_client(self) -> Any:
        keys = Credentials(
            self.aws_region, self.aws_access_key_id, self.aws_secret_access_key, self.aws_session_token, self.session
        )
        return aws_client("bedrock-agent-runtime", keys, self.client_params)

    def request(self, query: str, texts: list[str]) -> dict[str, Any]:
        extra = self.additional_model_request_fields
        return {
            "queries": [{"type": "TEXT", "textQuery": {"text": query}}],
            "sources": [
                {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}}}
                for text in texts
            ],
            "rerankingConfiguration": {
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": {
                    "numberOfResults": len(texts),
                    "modelConfiguration": {
                        "modelArn": "",
                        **({"additionalModelRequestFields": extra} if extra else {}),
                    },
                },
            },
        }

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        chosen = request["rerankingConfiguration"]["bedrockRerankingConfiguration"]["modelConfiguration"]
        chosen["modelArn"] = self._arn(client.meta.region_name)
        found: list[Any] = []
        for page in client.get_paginator("rerank").paginate(**request):
            found += page["results"]
        return found

    def _arn(self, region: str) -> str:
        if self.model.startswith("arn:"):
            return self.model
        return f"arn:{_partition(region)}:bedrock:{region}::foundation-model/{self.model}"

    def parse(self, response: Any) -> Iterable[tuple[int, float]]:
        return [(one["index"], one["relevanceScore"]) for one in response]

    def translate_error(self, error: Exception) -> Exception:
        return super().translate_error(aws_error(error, self))


def _partition(region: str) -> str:
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws-cn" if region.startswith("cn-") else "aws"


__all__ = ["AwsBedrockReranker"]
