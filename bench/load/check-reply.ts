/** Checks replies: the end of every reply, and the full body of a sample. */
import type { BurstReply } from '../upstream/replies.ts';
import type { Target } from './job.ts';
import type { Dialect } from './requests.ts';

const END_MARKS: Record<Dialect, string | undefined> = {
  'event-stream': undefined,
  'openai-chat': 'data: [DONE]\n\n',
  'anthropic-messages': 'event: message_stop\n',
};

/** `tail` is the end of the response, including its last HTTP chunk. */
export function endsProperly(dialect: Dialect, tail: Buffer): boolean {
  const mark = END_MARKS[dialect];
  return mark === undefined || tail.includes(mark);
}

/** The problem with a reply's body (without HTTP chunking), or undefined if it is correct. */
export function problemIn(
  { dialect, oneDeltaPerFrame }: Pick<Target, 'dialect' | 'oneDeltaPerFrame'>,
  body: Buffer,
  expected: BurstReply,
): string | undefined {
  if (dialect === 'event-stream') return body.equals(expected.body) ? undefined : 'the bytes are not the upstream’s';
  const deltas = dialect === 'openai-chat' ? openaiDeltas(body.toString()) : anthropicDeltas(body.toString());
  const text = deltas.join('');
  if (text !== expected.text) return `the text differs: ${text.length} characters instead of ${expected.text.length}`;
  if (oneDeltaPerFrame && deltas.length !== expected.frames)
    return `${deltas.length} deltas instead of ${expected.frames}`;
  return undefined;
}

export function withoutChunking(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

// Only the members that the benchmark needs; a wrong shape results in a wrong text.

function openaiDeltas(text: string): string[] {
  return events(text).flatMap((event) => {
    const chunk = event as { choices?: { delta?: { content?: string } }[] };
    const content = chunk.choices?.[0]?.delta?.content;
    return content ? [content] : [];
  });
}

function anthropicDeltas(text: string): string[] {
  return events(text).flatMap((event) => {
    const { delta } = event as { delta?: { type?: string; text?: string } };
    return delta?.type === 'text_delta' && delta.text ? [delta.text] : [];
  });
}

function events(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}
