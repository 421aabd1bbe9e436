/** Headers: those that decide how a message is read keep their values, secrets lose them, the rest become filler. */
import type { Header } from '../format.ts';
import type { Keeping } from './places.ts';
import type { Replacements } from './replacements.ts';

const MASK = '••••••••';

const SECRET = /auth|cookie|csrf|token|secret|key|credential|password|signature|x-amz-security/;
const ID = /(?:^|[-_])(?:id|ids|affinity|arn|session|thread|invocation-id|requestid|rid)$/;

/** Values of these forms say nothing about a user. */
const KEPT: Readonly<Record<string, RegExp>> = {
  accept: /^(?:\*\/\*|text\/event-stream|application\/[a-z.+-]+|, ?)+$/,
  'accept-encoding': /^[a-z0-9, ;=.*]+$/,
  'amz-sdk-request': /^attempt=\d+; ?max=\d+$/,
  'anthropic-version': /^\d{4}-\d\d-\d\d$/,
  connection: /^(?:keep-alive|close)$/i,
  'content-encoding': /^[a-z0-9-]+$/,
  'content-length': /^\d+$/,
  'content-type': /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[a-z0-9-]+)?$/i,
  'retry-after': /^\d+$/,
  tokentype: /^[A-Z_]+$/,
  'transfer-encoding': /^[a-z]+$/,
  'x-amz-target': /^[A-Za-z]+\.[A-Za-z]+$/,
  'x-amzn-codewhisperer-optout': /^(?:true|false)$/,
  'x-amzn-errortype': /^[\w.#:/]+$/,
  'x-amzn-kiro-agent-mode': /^[a-z-]+$/,
  'x-amzn-kiro-client-attribution': /^[a-z]+$/,
  'x-kiro-attempt': /^\d+; ?max=\d+$/,
};

/** Products in user agents: of clients, of AWS's SDKs and of dragoman. Others become filler. */
const PRODUCT =
  /^(?:claude-cli|claude-code|codex_cli_rs|codex_exec|codex-tui|OpenAI|Anthropic|AsyncOpenAI|AsyncAnthropic|Python|JS|node|curl|undici|dragoman|opencode|aws-sdk-[a-z]+|ua|os|lang|md|api|m|app|exec-env|cfg|linux|macos|windows|js|rust|nodejs|kiroruntime|codewhispererruntime|codewhispererstreaming|codewhisperer)$/;

/** Names and values in turn, as pairs with lower-case names. */
export function headerPairs(raw: readonly string[]): Header[] {
  const pairs: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    pairs.push([(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']);
  return pairs;
}

export function replaceHeaders(
  headers: readonly Header[],
  to: Replacements,
  { keepsMember }: Keeping = {},
): [string, string][] {
  const isKept = (name: string) => isOrdinary(name) || keepsMember?.(name.replaceAll('-', '_'));
  return headers.map(([name, value]) => [isKept(name) ? name : to.name(name), replaceValue(name, value, to)]);
}

function replaceValue(name: string, value: string, to: Replacements): string {
  if (SECRET.test(name) && name !== 'tokentype') return MASK;
  if (Object.hasOwn(KEPT, name)) return KEPT[name]?.test(value) ? value : to.text(value);
  if (name.endsWith('user-agent')) return replaceUserAgent(value, to);
  return ID.test(name) ? to.id(value) : to.text(value);
}

function replaceUserAgent(value: string, to: Replacements): string {
  return value.replaceAll(/[A-Za-z][\w-]*|[0-9][\w.]*/g, (word) =>
    PRODUCT.test(word) || /^\d{1,4}(?:\.\d{1,5}){0,3}$/.test(word) ? word : to.text(word),
  );
}

/** Names that clients and the service use; others may be anything. */
function isOrdinary(name: string): boolean {
  return Object.hasOwn(KEPT, name) || ORDINARY.test(name);
}

const ORDINARY =
  /^(?:host|date|authorization|x-api-key|cookie|origin|referer|user-agent|x-amz-user-agent|accept-language|cache-control|anthropic-beta|anthropic-dangerous-direct-browser-access|x-app|x-stainless-[a-z-]{1,30}|openai-[a-z-]{1,20}|x-client-request-id|x-request-id|x-claude-code-session-id|x-claude-code-agent-id|x-session-affinity|x-session-id|session-id|session_id|x-conversation-id|conversation-id|conversation_id|thread-id|x-codex-[a-z-]{1,30}|originator|version|x-dragoman-group|traceparent|tracestate|sec-[a-z-]{1,20}|amz-sdk-invocation-id|x-amzn-requestid|x-amzn-kiro-profile-arn|x-forwarded-[a-z]{1,10})$/;
