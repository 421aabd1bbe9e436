/**
 * The words of the protocols, which a capsule keeps: names of members, and values that say what something is. Everything
 * else is the text or name of a user.
 */

export function isKnownKey(key: string): boolean {
  return KEYS.has(key);
}

export function isKnownValue(value: string): boolean {
  return VALUES.has(value);
}

export function isSchemaKeyword(key: string): boolean {
  return SCHEMA_KEYWORDS.has(key);
}

/** Words of the service's own messages, by which failures are recognised. */
export function isErrorWord(word: string): boolean {
  return ERROR_WORDS.has(word.toLowerCase());
}

function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Of all client protocols, of the service and of its events. */
const KEYS = wordsIn(`
  Message __type accepted_prediction_tokens access_programs account_uuid action actions activeEditorTotalCharacters
  additionalModelRequestFields additional_tools adjustments after afterMs after_id agentContinuationId agentMode
  agentTaskType allowed_callers allowed_domains allowed_tools annotation annotation_index annotations anthropic_beta
  anthropic_version apply_patch arguments array assistantResponseEvent assistantResponseMessage at attachment
  audience audio audio_tokens audio_url background before before_id best_of betas blob blocked_domains body
  budget_tokens bytes cache cachePoint cacheReadInputTokens cacheReadTokens cacheWriteInputTokens cacheWriteTokens
  cache_control cache_creation cache_creation_input_tokens cache_read_input_tokens cache_write_tokens cached_tokens
  call_id caller category character chatAddMessageEvent chatTriggerType chat_template_kwargs choice choices citation
  citationEvent citationLink citationText citations clear_at clientId clientToken client_metadata code command
  commands compaction completed_at completion completion_tokens completion_tokens_details conf container content
  contentSpan content_block content_index content_type context contextUsagePercentage context_length
  context_management context_window conversation conversationId conversationState conversation_id coordinate created
  created_at created_by currentMessage currentWorkingDirectory cursorState custom customizationArn cwd data decision
  declared defer_loading definition delta deprecated desc description detail details developer device_id diagnostics
  diff disable_parallel_tool_use display display_name document documentCitation documents domain done duration echo
  editorState edits effort ellipsis enable_thinking encrypted_content end_index entries env envState environment
  ephemeral_1h_input_tokens ephemeral_5m_input_tokens error events examples execution explanation extra failed fetch
  file fileContext filePath fileUri file_data file_id file_name file_path file_text file_url filename filepath
  filters finish_reason first_id followupPrompt forced form format formats freeform frequency_penalty
  fullResponselatency function function_call functions gitState grammar hasCodeSnippet hasProjectLevelContext
  has_more headers history id ideCategory ideVersion image image_url images include include_obfuscation
  include_reasoning include_usage incomplete incomplete_details index inference_geo infill inline_data input
  inputSchema inputTokens input_audio input_extra input_prefix input_schema input_suffix input_text input_tokens
  input_tokens_details instructions interactionComponentEntries isError is_error item item_id item_reference items
  json json_schema jsonrpc keep key kind label languageName last_id leftFileContent length licenseName limit limits
  line local_shell location logit_bias logprobs lspVersion maxResults max_completion_tokens max_input_tokens
  max_output_length max_output_tokens max_tokens max_tool_calls max_uses mcp_servers media mediaType media_type
  mergedContent message messageId messageMetadataEvent messages metadata metadataEvent method mimeType mime_type
  min_p modalities mode model modelId model_id moderation modifiers more n n_predict name names namespace namespaces
  new_path new_str nextCursor nextToken next_token nonce number object old_path old_str operatingSystem operation
  optOutPreference order origin original output outputTokens output_config output_format output_index output_schema
  output_text output_tokens output_tokens_details owned_by page_age parallel_tool_calls param parameters params part
  partial_json parts patch path pattern patterns payload penalty phase pluginVersion position prediction prefix
  presence_penalty previous_response_id product profileArn programmingLanguage prompt promptCaching
  prompt_cache_breakpoint prompt_cache_key prompt_cache_options prompt_cache_retention prompt_tokens
  prompt_tokens_details properties provider providerOptions publishedDate query range rateMultiplier reason
  reasoning reasoningContent reasoningContentEvent reasoningText reasoning_content reasoning_details
  reasoning_effort reasoning_text reasoning_tokens recommendationScore recommendationsWithReferences redactedContent
  referenceTrackerConfiguration references refusal rejected_prediction_tokens relativeFilePath repetition_penalty
  repository request requestLength request_id requests required resource response responseLength response_format
  result results resultsType retryAfterMilliseconds rightFileContent role rootConversationId rule safeguards
  safety_identifier schema scroll_amount scroll_direction search_context_size seed segments sequence_number
  server_label server_tool_use server_url service_tier session session_id shell signature signatures snippet source
  sourceContent sources speed start_coordinate start_index starting_after status statusOnly stop stopDetails
  stopReason stop_details stop_reason stop_sequence stop_sequences store stream stream_options strict
  structuredContent sub_id suffix summary summary_index summary_text supplementalContexts supplementaryWebLinks
  syntax system system_fingerprint target task task_budget telemetryEvent temperature text texts thinking
  thinking_blocks thinking_budget thinking_tokens thread timeBetweenChunks timeToFirstChunkMilliseconds timeout_ms
  title tokenUsage tokens tool toolChoice toolResult toolResultEvent toolResults toolSpecification toolUse
  toolUseEvent toolUseId toolUses tool_call_id tool_calls tool_changes tool_choice tool_name tool_references
  tool_search tool_use tool_use_id tools top_k top_logprobs top_p totalTokens total_tokens truncation ttl turns type
  uncachedInputTokens unit unitPlural url url_citation usage useRelevantDocuments used user userContext
  userInputMessage userInputMessageContext userIntent user_id user_location user_profile_id utteranceId value
  verbosity video_url view_range visibility webSearch web_search web_search_options web_search_requests
  working_directory workspaceFolders workspaceId
`);

/** Types, roles, states and reasons. */
const VALUES = wordsIn(`
  1h 5m AI_EDITOR ALLOW BLOCK CHATBOT CLI CONSOLE CONTENT_FILTERED DIAGNOSTIC DOCUMENTATION END_TURN IDE INLINE_CHAT
  KIRO_CLI MANUAL MARKETING MAX_TOKENS MD MD_CHAT MOBILE MODEL_CONTEXT_WINDOW_EXCEEDED PAUSE_TURN REFUSAL
  SERVICE_INTERNAL SM_AI_STUDIO_IDE STOP_SEQUENCE TOOL_USE UNIFIED_SEARCH UNKNOWN adaptive additional_tools all
  allowed_tools always anthropic-claude-v1 any api_error application/json application/pdf apply_patch
  apply_patch_call apply_patch_call_output approximate array ascii assistant assistant.thinking authentication_error
  auto base64 bash_20241022 bash_20250124 between_tools boolean bytes cancelled chat chat.completion
  chat.completion.chunk citations_delta clear_thinking_20251015 click code_execution code_execution_20250522
  code_execution_20250825 code_execution_tool_result code_interpreter code_interpreter_call commentary compaction
  compaction_summary compaction_trigger completed computer_20241022 computer_20250124 computer_call
  computer_call_output computer_screenshot computer_use_preview concise container_auto container_upload content
  content_block_delta content_block_start content_block_stop content_filter context_length_exceeded create_file
  credit credits csv custom custom_tool_call custom_tool_call_output default delete_file detailed developer direct
  disabled display doc document docx double_click drag enabled end_turn ephemeral error exec failed file file_search
  file_search_call file_url final_answer flex forbidden format-unknown function function_call function_call_output
  general-task-execution generate_summary gif high html image image/gif image/jpeg image/png image/webp
  image_generation image_generation_call image_url in_progress incomplete input_audio input_file input_image
  input_json_delta input_text input_video insufficient_quota integer invalid_prompt invalid_request_error
  item_reference jpeg json json_object json_schema keypress lark length linux list local local_shell
  local_shell_call local_shell_call_output low macos max max_output_tokens max_tokens mcp mcp_approval_request
  mcp_approval_response mcp_call mcp_list_tools mcp_tool_use mcp_toolset md medium memory_20250818 message
  message_delta message_start message_stop minimal model model_context_window_exceeded namespace none
  not_found_error null number object omitted open_page openai-responses-v1 original output_text overloaded_error
  pause_turn pdf permission_error ping png priority processing queued rate_limit_error rate_limit_exceeded reasoning
  reasoning.encrypted reasoning.encrypted_content reasoning.summary reasoning.text reasoning_text redacted_thinking
  refusal regex request_too_large required resource response response.compaction response.completed
  response.content_part.added response.content_part.done response.created response.custom_tool_call_input.delta
  response.custom_tool_call_input.done response.deleted response.failed response.function_call_arguments.delta
  response.function_call_arguments.done response.in_progress response.incomplete response.output_item.added
  response.output_item.done response.output_text.annotation.added response.output_text.delta
  response.output_text.done response.queued response.reasoning_summary_part.added
  response.reasoning_summary_part.done response.reasoning_summary_text.delta response.reasoning_summary_text.done
  response.reasoning_text.delta response.reasoning_text.done response.refusal.delta response.refusal.done
  response.web_search_call.completed response.web_search_call.in_progress response.web_search_call.searching restart
  scale screenshot scroll search search_result server_error server_tool_use shell shell_call shell_call_output
  signature_delta spectask standard standard_only stop stop_sequence string success summarized summary_text system
  tags text text/csv text/html text/markdown text/plain text_completion text_delta text_editor text_editor_20241022
  text_editor_20250124 text_editor_20250429 text_editor_20250728 thinking thinking_delta timeout_error
  too_many_requests tool tool_addition tool_calls tool_choice tool_definition tool_output tool_reference
  tool_removal tool_result tool_search tool_search_call tool_search_output tool_search_tool_result tool_use txt type
  unset update_file url url_citation user utf-8 vibe wait web_fetch_20250910 web_fetch_result web_fetch_tool_result
  web_search web_search_20250305 web_search_20260209 web_search_call web_search_preview web_search_result
  web_search_result_location web_search_tool_result web_search_tool_result_error webp windows xhigh xls xlsx
`);

/** JSON Schema, drafts 4 to 2020-12, and `nullable` of OpenAPI. */
const SCHEMA_KEYWORDS = wordsIn(`
  $anchor $comment $defs $id $ref $schema additionalItems additionalProperties allOf anyOf const contains
  contentEncoding contentMediaType default definitions dependencies dependentRequired dependentSchemas deprecated
  description else enum examples exclusiveMaximum exclusiveMinimum format if items maxContains maxItems maxLength
  maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not nullable oneOf pattern
  patternProperties prefixItems properties propertyNames readOnly required then title type unevaluatedItems
  unevaluatedProperties uniqueItems writeOnly
`);

/** In lower case. Source: the failure table of upstreams/codewhisperer. */
const ERROR_WORDS = wordsIn(`
  a accepted access account activity again all allowed an and are as at authorized available back be bearer been
  before blocks body builder by call cannot capacity chat content context conversation conversations credit credits
  current daily denied disabled does duplicate during each error exceed exceeded exceeds exception expected expired
  failed feature field fields for format formed found from happened has have high history http id images improperly
  in include included input internal invalid is it its json length limit limits load locked long make many match
  maximum message messages missing model month monthly most must no not of on one only operation or order overages
  parameter permitted please previous profile profilearn prompt properties property provided quota rate reached
  request requests required resource results retry schema server service signature size specified still supported
  suspended suspicious temporarily text than that the there thinking this throttled throttling to token tokens too
  tool toolresult tools tooluse traffic try turn type unable unavailable unexpectedly unknown until up use used user
  valid value volume wait was were when with you your
`);
