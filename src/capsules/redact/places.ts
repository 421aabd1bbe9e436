/**
 * What each value of a document means, by the key it stands under: in requests and replies of the client protocols, in
 * those of the service, in JSON schemas, and in the arguments of tools.
 */
import { formatOf, isImageFormat } from '../../core/file-format.ts';
import type { Place } from './json-text.ts';
import { type Path, rewriteJson } from './json-text.ts';
import type { Replacements } from './replacements.ts';
import { isKnownKey, isKnownValue, isSchemaKeyword } from './words.ts';

/** By the path of a string, joined by slashes: what takes its place, whatever its key means. */
type Overrides = ReadonlyMap<string, string>;

/** What is kept besides the words of the protocols. */
export interface Keeping {
  /** Whether the name of a member of a document, or of a header, stays although it is not known. */
  readonly keepsMember?: (key: string) => boolean;
}

/** A request, a reply or an event of any protocol. */
export function documentPlace(to: Replacements, overrides: Overrides = new Map(), keeping: Keeping = {}): Place {
  return new DocumentPlace(to, '', overrides, keeping);
}

/** Members with values of the user's own making, below any key. */
const DATA_KEYS: ReadonlySet<string> = wordsIn(
  'input arguments json variables params structuredContent intents interactionComponentEntries filters headers logit_bias client_metadata interactionComponents',
);
const SCHEMA_KEYS: ReadonlySet<string> = wordsIn('input_schema parameters schema output_schema');

class DocumentPlace implements Place {
  readonly #to: Replacements;
  readonly #key: string;
  readonly #overrides: Overrides;
  readonly #keeping: Keeping;

  constructor(to: Replacements, key: string, overrides: Overrides, keeping: Keeping) {
    this.#keeping = keeping;
    this.#to = to;
    this.#key = key;
    this.#overrides = overrides;
  }

  string(text: string, path: Path): string {
    return this.#overrides.get(path.join('/')) ?? replaceString(this.#key, text, this.#to);
  }

  key(key: string): string {
    return isKnownKey(key) || this.#keeping.keepsMember?.(key) ? key : this.#to.name(key);
  }

  inside(key: string | number, opens: string): Place {
    if (typeof key === 'number') return this;
    if (opens === '{') {
      if (SCHEMA_KEYS.has(key)) return new SchemaPlace(this.#to, 'schema');
      if (key === 'inputSchema') return new SchemaPlace(this.#to, 'holder');
      if (key === 'metadata') return new MetadataPlace(this.#to);
      if (DATA_KEYS.has(key)) return new DataPlace(this.#to);
    }
    return key === 'json' ? new DataPlace(this.#to) : new DocumentPlace(this.#to, key, this.#overrides, this.#keeping);
  }
}

class DataPlace implements Place {
  protected readonly to: Replacements;

  constructor(to: Replacements) {
    this.to = to;
  }

  string(text: string): string {
    return this.to.text(text);
  }

  number(digits: string): string {
    return this.to.number(digits);
  }

  key(key: string): string {
    return this.to.name(key);
  }

  inside(): Place {
    return this;
  }
}

/** `metadata` of a request: Anthropic's has the user's id, OpenAI's is free. */
class MetadataPlace extends DataPlace {
  override key(key: string): string {
    return key === 'user_id' ? key : super.key(key);
  }

  override inside(key?: string | number): Place {
    return key === 'user_id' ? new DocumentPlace(this.to, key, new Map(), {}) : this;
  }
}

/** `map`: schemas by names of the user's. `names`: a list of names. `holder`: `{"json": <schema>}`. */
type SchemaKind = 'schema' | 'map' | 'names' | 'values' | 'holder' | 'text' | 'pattern' | 'reference' | 'word';

const SCHEMA_KINDS: Readonly<Record<string, SchemaKind>> = {
  properties: 'map',
  patternProperties: 'map',
  $defs: 'map',
  definitions: 'map',
  dependentSchemas: 'map',
  dependencies: 'map',
  dependentRequired: 'map',
  required: 'names',
  enum: 'values',
  const: 'values',
  default: 'values',
  examples: 'values',
  description: 'text',
  title: 'text',
  $comment: 'text',
  pattern: 'pattern',
  $ref: 'reference',
  $id: 'reference',
  $anchor: 'reference',
  $schema: 'word',
  type: 'word',
  format: 'word',
  contentEncoding: 'word',
  contentMediaType: 'word',
};

class SchemaPlace implements Place {
  readonly #to: Replacements;
  readonly #kind: SchemaKind;

  constructor(to: Replacements, kind: SchemaKind) {
    this.#to = to;
    this.#kind = kind;
  }

  string(text: string): string {
    switch (this.#kind) {
      case 'text':
        return this.#to.text(text);
      case 'word':
        return SCHEMA_WORDS.test(text) ? text : this.#to.text(text);
      case 'reference':
        return text.replaceAll(/[^#/]+/g, (part) => (isSchemaKeyword(part) ? part : this.#to.name(part)));
      case 'pattern':
        return this.#to.pattern(text);
      default:
        return this.#to.name(text);
    }
  }

  key(key: string): string {
    if (this.#kind === 'map' || this.#kind === 'values') return this.#to.name(key);
    if (this.#kind === 'holder') return key === 'json' ? key : this.#to.name(key);
    return isSchemaKeyword(key) ? key : this.#to.name(key);
  }

  inside(key: string | number, opens: string): Place {
    if (this.#kind === 'map') return new SchemaPlace(this.#to, opens === '[' ? 'names' : 'schema');
    if (this.#kind === 'holder') return new SchemaPlace(this.#to, 'schema');
    if (this.#kind !== 'schema' || typeof key === 'number') return this;
    const kind = SCHEMA_KINDS[key];
    if (kind !== undefined) return new SchemaPlace(this.#to, kind);
    return isSchemaKeyword(key) ? this : new SchemaPlace(this.#to, 'values');
  }
}

const SCHEMA_WORDS =
  /^(?:object|array|string|number|integer|boolean|null|date|date-time|time|uri|url|uuid|email|int32|int64|float|double|ipv4|ipv6|regex|base64|https?:\/\/json-schema\.org\/[a-z0-9/#.-]*)$/;

const NAME_KEYS = wordsIn(
  'name names tool_name toolName tool_names server_label namespace display_name tool_references',
);
const FILE_NAME_KEYS = wordsIn('filename file_name fileName filePath');
const ID_KEYS = wordsIn(
  `id tool_call_id call_id tool_use_id toolUseId conversationId rootConversationId agentContinuationId utteranceId
  conversation_id previous_response_id prompt_cache_key safety_identifier user user_id user_profile_id item_id item_reference
  request_id session_id session account_uuid device_id first_id last_id before_id after_id file_id container conversation
  system_fingerprint messageId clientId clientToken workspaceId customizationArn profileArn sub_id nonce next_token nextToken`,
);
const MODEL_KEYS = wordsIn('model modelId model_id');
const JSON_KEYS = wordsIn('arguments partial_json input');
const WORD_KEYS = wordsIn(
  `type role status object finish_reason stop_reason stopReason stop effort reasoning_effort verbosity detail format phase
  origin chatTriggerType agentTaskType agentMode display mode summary include modalities service_tier truncation media_type
  mime_type mimeType content_type unit unitPlural recommendationsWithReferences operatingSystem ttl syntax tool_choice
  generate_summary search_context_size encoding allowed_callers context retrieval source category`,
);
const OPAQUE_KEYS = wordsIn('signature encrypted_content redactedContent');
const FILE_KEYS = wordsIn('data bytes file_data b64_json url image_url file_url video_url audio_url');

function replaceString(key: string, text: string, to: Replacements): string {
  if (text === '') return text;
  if (NAME_KEYS.has(key)) return to.name(text);
  if (FILE_NAME_KEYS.has(key)) return text.replace(/[^.]+/g, (part) => (isKnownValue(part) ? part : to.name(part)));
  if (ID_KEYS.has(key))
    return text.startsWith('{') ? (rewriteJson(text, new IdsPlace(to)) ?? to.id(text)) : to.id(text);
  if (MODEL_KEYS.has(key)) return isModelName(text) ? text : to.name(text);
  if (JSON_KEYS.has(key)) return replaceJson(text, to);
  if (OPAQUE_KEYS.has(key)) return replaceOpaque(text, to);
  if (FILE_KEYS.has(key)) return replaceFile(text, to);
  if (key === 'reason' || key === '__type' || key === 'code')
    return isKnownValue(text) || FAILURE_NAME.test(text) ? text : to.message(text);
  if (key === 'message' || key === 'Message') return to.message(text);
  return WORD_KEYS.has(key) && isKnownValue(text) ? text : to.text(text);
}

/** Names and reasons of failures, which the service and the gateway choose. */
const FAILURE_NAME =
  /^(?:[A-Z]+(?:_[A-Z]+)+|[a-z_]+_(?:error|exceeded|found|key|request)|(?:[\w.]+#)?[A-Za-z]+(?:Exception|Error))$/;

class IdsPlace extends DataPlace {
  override string(text: string): string {
    return this.to.id(text);
  }

  override key(key: string): string {
    return isKnownKey(key) ? key : super.key(key);
  }
}

/** Not yet parsed, or a fragment. */
export function replaceJson(text: string, to: Replacements): string {
  const rewritten = /^\s*[[{]/.test(text) ? rewriteJson(text, new DataPlace(to)) : undefined;
  return rewritten ?? to.text(text);
}

/** dragoman's own reasoning carriers are opened by the gateway, so they must stay readable: see protocols/reading/carrier.ts. */
function replaceOpaque(text: string, to: Replacements): string {
  if (!text.startsWith(CARRIER)) return to.opaque(text);
  const carried = Buffer.from(text.slice(CARRIER.length), 'base64').toString('utf8');
  const rewritten = rewriteJson(carried, documentPlace(to));
  return rewritten === undefined ? to.opaque(text) : CARRIER + Buffer.from(rewritten).toString('base64');
}

const CARRIER = Buffer.from('dragoman:').toString('base64');

function replaceFile(text: string, to: Replacements): string {
  const [, head, data] = /^(data:[a-z]+\/[a-z0-9.+-]+;base64,)(.*)$/is.exec(text) ?? [];
  if (head !== undefined && data !== undefined) return head + to.file(data);
  const [, scheme, rest] = /^(https?:\/\/)(.*)$/is.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) return scheme + to.text(rest);
  return isBase64(text) ? to.file(text) : to.text(text);
}

/** Short texts of letters may be either, and are replaced alike. */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  return text.length >= 16 || isImageFormat(formatOf(Buffer.from(text, 'base64')));
}

/** Made of words that vendors name models with. */
export function isModelName(text: string): boolean {
  return text.split(/[^A-Za-z0-9]+/).every((word) => MODEL_WORD.test(word));
}

const MODEL_WORD =
  /^(?:|\d{1,2}[a-z]?|20\d{6}|claude|anthropic|us|eu|bedrock|openai|gpt|chatgpt|o[134]|oss|codex|mini|nano|pro|turbo|sol|terra|luna|sonnet|opus|haiku|fable|auto|default|latest|preview|thinking|agentic|low|medium|high|max|xhigh|minimal|none|v\d|1m|272k|inline|completion|deepseek|qwen|qwen\d|coder|next|minimax|m\d|glm|kimi|k\d|kiro|amazon|q|nova|simple|task|free|b\d|\d+b|a\d+b)$/i;

function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
