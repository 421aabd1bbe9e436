/** A request as a `curl` command that can be run again. */
import type { RequestDetail } from '../../api/requests.ts';

/** A body that each protocol accepts, for requests whose text the ledger has not kept. */
const EXAMPLES: Readonly<Record<string, (model: string) => object>> = {
  'anthropic-messages': (model) => ({ model, max_tokens: 256, messages: [{ role: 'user', content: 'Hello' }] }),
  'openai-chat': (model) => ({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  'openai-responses': (model) => ({ model, input: 'Hello' }),
  'openai-completions': (model) => ({ model, prompt: 'def add(a, b):' }),
};

type Shown = Pick<RequestDetail, 'method' | 'path' | 'protocol' | 'model' | 'stream' | 'text'>;

/** `base`: the gateway's address. The key comes from the environment: the command is safe to paste anywhere. */
export function toCurl({ method, path, protocol, model, stream, text }: Shown, base: string): string {
  const parts = [`curl ${quoted(base + path)}`];
  if (method !== 'GET' && method !== 'POST') parts.push(`-X ${method}`);
  parts.push(
    protocol === 'anthropic-messages'
      ? '-H "x-api-key: $DRAGOMAN_API_KEY" -H "anthropic-version: 2023-06-01"'
      : '-H "authorization: Bearer $DRAGOMAN_API_KEY"',
  );
  const example = EXAMPLES[protocol ?? '']?.(model ?? 'auto');
  const sent = text && !text.isCut ? text.request : undefined;
  const body = sent ?? (example && JSON.stringify({ ...example, ...(stream ? { stream: true } : {}) }));
  if (method === 'POST' && body !== undefined) parts.push('-H "content-type: application/json"', `-d ${quoted(body)}`);
  return parts.join(' \\\n  ');
}

/** For POSIX shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
