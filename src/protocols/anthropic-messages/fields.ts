/**
 * How every top-level field of a Messages request is handled. The parser, the docs and a test against the official
 * SDK's types use this table.
 */
import type { FieldSupport } from '../field-support.ts';

export const FIELD_SUPPORT = {
  model: 'used',
  messages: 'used',
  system: 'used',
  tools: 'used',
  thinking: 'used',
  output_config: 'used',
  cache_control: 'used',
  metadata: 'used',
  stream: 'used',

  max_tokens: 'emulated',
  stop_sequences: 'emulated',
  tool_choice: 'emulated',
  output_format: 'emulated',

  temperature: 'noted',
  top_p: 'noted',
  top_k: 'noted',
  billing_policy: 'noted',
  compaction: 'noted',
  context_management: 'noted',
  diagnostics: 'noted',
  fallback_credit_token: 'noted',
  fallbacks: 'noted',
  inference_geo: 'noted',
  safeguards: 'noted',
  service_tier: 'noted',
  speed: 'noted',

  // The SDK sends these three as headers.
  betas: 'ignored',
  user_profile_id: 'ignored',
  workspace_id: 'ignored',

  container: 'refused',
  mcp_servers: 'refused',
  thread: 'refused',
} as const satisfies Record<string, FieldSupport>;
