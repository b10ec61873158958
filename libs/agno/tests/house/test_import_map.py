"""Every import that users know resolves. What is still to come is declared, and must be struck off when it is there."""

from __future__ import annotations

from importlib import import_module

import pytest

_AGENT_EVENTS = """RunStartedEvent RunContentEvent RunCompletedEvent RunErrorEvent RunCancelledEvent RunPausedEvent
RunContinuedEvent MemoryUpdateStartedEvent MemoryUpdateCompletedEvent ReasoningStartedEvent ReasoningStepEvent
ReasoningCompletedEvent ToolCallStartedEvent ToolCallCompletedEvent"""

IMPORTS = {
    "agno.agent": f"Agent AgentSession Function Message Toolkit RunOutput RunOutputEvent RunEvent {_AGENT_EVENTS}",
    "agno.team": f"Team TeamRunOutput TeamRunOutputEvent TeamRunEvent TeamMode {_AGENT_EVENTS}",
    "agno.workflow": """Workflow Step Steps Parallel Loop Condition Router StepInput StepOutput WorkflowExecutionInput
        WorkflowAgent HumanReview OnError OnReject OnTimeout pause""",
    "agno.workflow.types": "StepInput StepOutput StepMetrics WorkflowMetrics StepType WebSocketHandler",
    "agno.run": "RunContext RunStatus get_cancellation_manager set_cancellation_manager",
    "agno.run.base": "RunStatus",
    "agno.run.agent": f"""{_AGENT_EVENTS} RunOutput RunInput RunEvent RunOutputEvent CustomEvent IntermediateRunContentEvent
        ParserModelResponseStartedEvent ParserModelResponseCompletedEvent OutputModelResponseStartedEvent
        OutputModelResponseCompletedEvent RUN_EVENT_TYPE_REGISTRY run_output_event_from_dict""",
    "agno.run.team": f"""{_AGENT_EVENTS} TeamRunOutput TeamRunInput TeamRunEvent TeamRunOutputEvent CustomEvent
        TEAM_RUN_EVENT_TYPE_REGISTRY team_run_output_event_from_dict""",
    "agno.run.workflow": """WorkflowRunOutput WorkflowStartedEvent WorkflowCompletedEvent WorkflowErrorEvent
        WorkflowCancelledEvent StepStartedEvent StepCompletedEvent StepErrorEvent StepOutputEvent CustomEvent
        WorkflowRunStartedEvent WorkflowRunContentEvent WorkflowRunCompletedEvent WorkflowRunErrorEvent
        WorkflowRunCancelledEvent LoopExecutionStartedEvent LoopIterationStartedEvent LoopIterationCompletedEvent
        LoopExecutionCompletedEvent ParallelExecutionStartedEvent ParallelExecutionCompletedEvent
        ConditionExecutionStartedEvent ConditionExecutionCompletedEvent RouterExecutionStartedEvent
        RouterExecutionCompletedEvent StepsExecutionStartedEvent StepsExecutionCompletedEvent""",
    "agno.run.cancellation_management": """BaseRunCancellationManager InMemoryRunCancellationManager
        RedisRunCancellationManager""",
    "agno.run.cancel": "register_run cancel_run is_cancelled cleanup_run raise_if_cancelled get_active_runs",
    "agno.run.messages": "RunMessages",
    "agno.run.requirement": "RunRequirement",
    "agno.session": "AgentSession TeamSession WorkflowSession Session SessionSummaryManager",
    "agno.session.summary": "SessionSummary SessionSummaryManager",
    "agno.models.base": "Model",
    "agno.models.message": "Message MessageReferences Citations UrlCitation DocumentCitation",
    "agno.models.metrics": "Metrics",
    "agno.models.response": "ModelResponse ModelResponseEvent ToolExecution FileType UserInputField",
    "agno.models.fallback": "FallbackConfig",
    "agno.models.utils": "get_model",
    "agno.models.openai": "OpenAIChat OpenAIResponses OpenAILike",
    "agno.models.anthropic": "Claude",
    "agno.models.google": "Gemini",
    "agno.models.ollama": "Ollama OllamaTools",
    "agno.tools": "tool Function FunctionCall Toolkit",
    "agno.tools.decorator": "tool",
    "agno.tools.function": "Function FunctionCall ToolResult FunctionExecutionResult UserInputField",
    "agno.tools.toolkit": "Toolkit",
    "agno.tools.mcp": "MCPTools MultiMCPTools SSEClientParams StreamableHTTPClientParams",
    "agno.tools.reasoning": "ReasoningTools",
    "agno.tools.knowledge": "KnowledgeTools",
    "agno.tools.user_control_flow": "UserControlFlowTools",
    "agno.cloud.aws.s3": "AwsApiClient S3Bucket S3Object",
    "agno.filters": "FilterExpr EQ NEQ IN GT GTE LT LTE AND OR NOT",
    "agno.knowledge": "Knowledge",
    "agno.knowledge.knowledge": "Knowledge",
    "agno.knowledge.events": """ContentStarted ContentSkipped ContentProgress ContentCompleted ContentFailed
        IngestionCompleted""",
    "agno.knowledge.embedder": "Embedder",
    "agno.knowledge.embedder.base": "Embedder",
    "agno.knowledge.embedder.openai": "OpenAIEmbedder",
    "agno.knowledge.embedder.hashing": "HashingEmbedder",
    "agno.knowledge.embedder.minilm": "MiniLMEmbedder",
    "agno.knowledge.embedder.aws_bedrock": "AwsBedrockEmbedder",
    "agno.knowledge.embedder.azure_openai": "AzureOpenAIEmbedder",
    "agno.knowledge.embedder.cohere": "CohereEmbedder",
    "agno.knowledge.embedder.fastembed": "FastEmbedEmbedder",
    "agno.knowledge.embedder.fireworks": "FireworksEmbedder",
    "agno.knowledge.embedder.google": "GeminiEmbedder",
    "agno.knowledge.embedder.huggingface": "HuggingfaceCustomEmbedder",
    "agno.knowledge.embedder.jina": "JinaEmbedder",
    "agno.knowledge.embedder.langdb": "LangDBEmbedder",
    "agno.knowledge.embedder.llamacpp": "LlamaCppEmbedder",
    "agno.knowledge.embedder.mistral": "MistralEmbedder",
    "agno.knowledge.embedder.nebius": "NebiusEmbedder",
    "agno.knowledge.embedder.ollama": "OllamaEmbedder",
    "agno.knowledge.embedder.openai_like": "OpenAILikeEmbedder",
    "agno.knowledge.embedder.sentence_transformer": "SentenceTransformerEmbedder",
    "agno.knowledge.embedder.together": "TogetherEmbedder",
    "agno.knowledge.embedder.vllm": "VLLMEmbedder",
    "agno.knowledge.embedder.voyageai": "VoyageAIEmbedder",
    "agno.knowledge.reranker": "Reranker AwsBedrockReranker CohereReranker InfinityReranker SentenceTransformerReranker",
    "agno.knowledge.reranker.base": "Reranker",
    "agno.knowledge.reranker.aws_bedrock": "AwsBedrockReranker",
    "agno.knowledge.reranker.cohere": "CohereReranker",
    "agno.knowledge.reranker.infinity": "InfinityReranker",
    "agno.knowledge.reranker.sentence_transformer": "SentenceTransformerReranker",
    "agno.vectordb": "VectorDb Distance SearchType",
    "agno.vectordb.base": "VectorDb VectorDbError VectorDbUnavailableError",
    "agno.vectordb.distance": "Distance",
    "agno.vectordb.search": "SearchType",
    "agno.vectordb.in_memory": "InMemoryVectorDb",
    "agno.vectordb.local": "LocalVectorDb",
    "agno.vectordb.pgvector": "PgVector HNSW Ivfflat SearchType Distance",
    "agno.vectordb.lancedb": "LanceDb SearchType",
    "agno.vectordb.qdrant": "Qdrant SearchType",
    "agno.vectordb.chroma": "ChromaDb",
    "agno.vectordb.milvus": "Milvus SearchType",
    "agno.vectordb.surrealdb": "SurrealDb",
    "agno.vectordb.clickhouse": "Clickhouse HNSW Distance",
    "agno.vectordb.mongodb": "MongoDb SearchType",
    "agno.vectordb.pineconedb": "PineconeDb",
    "agno.vectordb.upstashdb": "UpstashVectorDb",
    "agno.vectordb.redis": "RedisVectorDb RedisDB SearchType",
    "agno.vectordb.weaviate": "Weaviate VectorIndex Distance SearchType",
    "agno.vectordb.cassandra": "Cassandra",
    "agno.vectordb.couchbase": "CouchbaseSearch",
    "agno.vectordb.lightrag": "LightRag",
    "agno.vectordb.langchaindb": "LangChainVectorDb",
    "agno.vectordb.llamaindex": "LlamaIndexVectorDb",
    "agno.vectordb.singlestore": "SingleStore Distance",
    "agno.vectordb.sqlite": "SqliteVec SearchType",
    "agno.vectordb.duckdb": "DuckDb",
    "agno.knowledge.document": "Document",
    "agno.knowledge.content": "Content ContentAuth ContentStatus FileData",
    "agno.knowledge.types": "ContentType",
    "agno.knowledge.utils": """get_reader_info get_all_readers_info get_content_types_to_readers_mapping get_chunker_info
        get_all_chunkers_info get_all_content_types""",
    "agno.knowledge.remote_content": "RemoteContent S3Content GCSContent FsspecContent GitHubContent",
    "agno.knowledge.remote_content.remote_content": "RemoteContent S3Content GCSContent",
    "agno.knowledge.reader": "Reader ReaderError",
    "agno.knowledge.reader.base": "Reader",
    "agno.knowledge.reader.reader_factory": "ReaderFactory",
    "agno.knowledge.reader.arxiv_reader": "ArxivReader",
    "agno.knowledge.reader.csv_reader": "CSVReader",
    "agno.knowledge.reader.docling_reader": "DoclingReader",
    "agno.knowledge.reader.docx_reader": "DocxReader",
    "agno.knowledge.reader.excel_reader": "ExcelReader",
    "agno.knowledge.reader.field_labeled_csv_reader": "FieldLabeledCSVReader",
    "agno.knowledge.reader.firecrawl_reader": "FirecrawlReader",
    "agno.knowledge.reader.html_reader": "HTMLReader",
    "agno.knowledge.reader.json_reader": "JSONReader",
    "agno.knowledge.reader.llms_txt_reader": "LLMsTxtReader",
    "agno.knowledge.reader.markdown_reader": "MarkdownReader",
    "agno.knowledge.reader.pdf_reader": "PDFReader PDFImageReader PDFUrlReader",
    "agno.knowledge.reader.pptx_reader": "PPTXReader",
    "agno.knowledge.reader.s3_reader": "S3Reader",
    "agno.knowledge.reader.tavily_reader": "TavilyReader",
    "agno.knowledge.reader.text_reader": "TextReader",
    "agno.knowledge.reader.url_reader": "URLReader",
    "agno.knowledge.reader.web_search_reader": "WebSearchReader",
    "agno.knowledge.reader.website_reader": "WebsiteReader",
    "agno.knowledge.reader.wikipedia_reader": "WikipediaReader",
    "agno.knowledge.reader.youtube_reader": "YouTubeReader",
    "agno.knowledge.chunking.strategy": "ChunkingStrategy ChunkingStrategyType ChunkingStrategyFactory",
    "agno.knowledge.chunking.agentic": "AgenticChunking",
    "agno.knowledge.chunking.code": "CodeChunking",
    "agno.knowledge.chunking.document": "DocumentChunking",
    "agno.knowledge.chunking.fixed": "FixedSizeChunking",
    "agno.knowledge.chunking.markdown": "MarkdownChunking",
    "agno.knowledge.chunking.recursive": "RecursiveChunking",
    "agno.knowledge.chunking.row": "RowChunking",
    "agno.knowledge.chunking.semantic": "SemanticChunking",
    "agno.memory": "MemoryManager UserMemory",
    "agno.db.schemas.memory": "UserMemory",
    "agno.media": "Image Audio Video File",
    "agno.exceptions": """AgentRunException RetryAgentRun StopAgentRun RunCancelledException AgnoError ModelProviderError
        ModelRateLimitError EvalError ModelAuthenticationError ContextWindowExceededError RetryableModelProviderError
        RemoteServerUnavailableError PathSecurityError ComponentRehydrationError ComponentPinError RunNotFoundError
        RunNotContinuableError InputCheckError OutputCheckError CheckTrigger""",
    "agno.debug": "enable_debug_mode disable_debug_mode",
    "agno.hooks": "hook",
    "agno.guardrails": "BaseGuardrail PIIDetectionGuardrail PromptInjectionGuardrail OpenAIModerationGuardrail",
    "agno.approval": "approval ApprovalType",
    "agno.compression.manager": "CompressionManager",
    "agno.skills": "Skills LocalSkills Skill SkillError SkillParseError SkillValidationError",
    "agno.culture": "CultureManager",
    "agno.learn": "LearningMachine LearningMode",
    "agno.registry": "Registry",
    "agno.metrics": "RunMetrics SessionMetrics MessageMetrics ModelMetrics ToolCallMetrics ModelType",
    "agno.reasoning.step": "ReasoningStep ReasoningSteps NextAction",
    "agno.utils.pprint": "pprint_run_response apprint_run_response",
    "agno.utils.log": """logger log_debug log_info log_warning log_error log_exception set_log_level_to_debug
        set_log_level_to_info set_log_level_to_warning set_log_level_to_error configure_agno_logging use_agent_logger
        use_team_logger use_workflow_logger""",
    "agno.utils.media": """download_image download_file save_base64_data download_knowledge_filters_sample_data
        SampleDataFileExtension""",
    "agno.utils.audio": "write_audio_to_file",
    "agno.utils.common": "dataclass_to_dict",
    "agno.utils.string": "url_safe_string is_valid_uuid hash_string_sha256 generate_id",
    "agno.utils.timer": "Timer",
    "agno.utils.dttm": "current_datetime current_datetime_utc",
    "agno.utils.functions": "cache_result get_function_call",
    "agno.utils.merge_dict": "merge_dictionaries",
    "agno.utils.location": "get_location",
}

NAMES = [(module, name) for module, names in IMPORTS.items() for name in names.split()]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_can_be_imported(module: str, name: str) -> None:
    assert getattr(import_module(module), name) is not None
