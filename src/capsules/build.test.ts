import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { GatewayError } from '../core/errors.ts';
import { imageSize } from '../core/image-size.ts';
import type { JsonValue } from '../core/json.ts';
import { CaptureRing } from '../gateway/captures/ring.ts';
import { RequestRecord } from '../gateway/request-record.ts';
import { encodeFrame } from '../simulator/encode-frame.ts';
import { buildCapsule, type CapsuleOptions } from './build.ts';
import { capsuleSchema } from './format.ts';

const OPTIONS: CapsuleOptions = { withText: false, salt: 'salt', version: '9.9.9', settings: [] };

/** Texts that occur nowhere else: Latin letters, digits, Chinese, and an emoji between letters. */
class Canaries {
  readonly planted: string[] = [];

  get next(): string {
    const number = this.planted.length;
    const letters = [...String(number).padStart(3, '0')].map((digit) => 'bdghjlmpqv'.charAt(Number(digit))).join('');
    this.planted.push(`Kzw${letters}`);
    return `Kzw${letters}`;
  }

  /** A sentence with a canary. */
  get text(): string {
    return `Dear ${this.next}, meet 犀牛 at 4711 🦏!`;
  }
}

function schema(canaries: Canaries): JsonValue {
  const [one, other] = [canaries.next, canaries.next];
  return {
    type: 'object',
    description: canaries.text,
    properties: {
      [one]: {
        type: 'string',
        enum: [canaries.next, canaries.next],
        default: canaries.next,
        pattern: `^${canaries.next}\\d$`,
      },
      [other]: { $ref: `#/$defs/${canaries.next}`, title: canaries.text },
      type: { type: 'array', items: { type: 'integer', minimum: 3, examples: [canaries.next] } },
    },
    required: [one, 'type'],
    $defs: { [canaries.next]: { const: canaries.next } },
    [`x-${canaries.next}`]: canaries.text,
  };
}

function messagesRequest(canaries: Canaries): JsonValue {
  const id = `toolu_${canaries.next}`;
  const name = canaries.next;
  return {
    model: 'claude-sonnet-4-5',
    max_tokens: 4096,
    stream: true,
    system: [{ type: 'text', text: canaries.text, cache_control: { type: 'ephemeral' } }],
    metadata: {
      user_id: JSON.stringify({ device_id: canaries.next, account_uuid: canaries.next, session_id: canaries.next }),
    },
    [canaries.next]: canaries.text,
    stop_sequences: [canaries.next],
    tools: Array.from({ length: 8 }, (_, index) => ({
      name: index === 0 ? name : canaries.next,
      description: canaries.text,
      input_schema: schema(canaries),
    })),
    tool_choice: { type: 'tool', name },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: canaries.text },
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/png', data: png(canaries).toString('base64') },
          },
          {
            type: 'document',
            title: canaries.text,
            source: { type: 'text', media_type: 'text/plain', data: canaries.text },
          },
          { type: 'document', source: { type: 'url', url: `https://example.com/${canaries.next}` } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: canaries.text, signature: canaries.next },
          { type: 'text', text: canaries.text },
          {
            type: 'tool_use',
            id,
            name,
            input: { [canaries.next]: canaries.text, list: [{ [canaries.next]: 20_041_931 }] },
          },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: id, is_error: true, content: [{ type: 'text', text: canaries.text }] },
          { type: 'tool_result', tool_use_id: canaries.next, content: canaries.text },
          { type: canaries.next, text: canaries.text },
        ],
      },
    ],
  };
}

function serviceRequest(canaries: Canaries): JsonValue {
  return {
    conversationState: {
      conversationId: canaries.next,
      chatTriggerType: 'MANUAL',
      currentMessage: {
        userInputMessage: {
          content: canaries.text,
          modelId: 'claude-sonnet-4.5',
          origin: 'AI_EDITOR',
          userInputMessageContext: {
            envState: { operatingSystem: 'linux', currentWorkingDirectory: `/home/${canaries.next}` },
            gitState: { status: canaries.text },
            toolResults: [
              { toolUseId: canaries.next, status: 'success', content: [{ json: { [canaries.next]: canaries.text } }] },
            ],
            tools: Array.from({ length: 6 }, () => ({
              toolSpecification: {
                name: canaries.next,
                description: canaries.text,
                inputSchema: { json: schema(canaries) },
              },
            })),
          },
          documents: [
            { name: canaries.next, format: 'txt', source: { bytes: Buffer.from(canaries.text).toString('base64') } },
          ],
        },
      },
      history: [
        {
          assistantResponseMessage: {
            content: canaries.text,
            toolUses: [{ toolUseId: canaries.next, name: canaries.next, input: { [canaries.next]: [canaries.text] } }],
          },
        },
      ],
    },
    profileArn: `arn:aws:codewhisperer:us-east-1:123456789012:profile/${canaries.next}`,
  };
}

/** One pixel more than nothing, with a comment in its metadata. */
function png(canaries: Canaries): Buffer {
  const header = Buffer.from('000000070000000508000000000', 'hex');
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const text = Buffer.from(`Comment\0${canaries.text}`);
  const pixels = deflateSync(Buffer.alloc(40, 0x5a), { level: 0 });
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('tEXt', text),
    chunk('IDAT', pixels),
  ]);
}

function event(type: string, payload: JsonValue): Buffer {
  const headers = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' };
  return encodeFrame(headers, Buffer.from(JSON.stringify(payload)));
}

/** A call whose names and values are cut anywhere. */
function frames(canaries: Canaries): Buffer {
  const call = { toolUseId: canaries.next, name: canaries.next };
  const input = JSON.stringify({ [canaries.next]: canaries.text, [canaries.next]: [4_711, canaries.next] });
  const pieces = input.match(/.{1,3}/gsu) ?? [];
  return Buffer.concat([
    event('assistantResponseEvent', { content: canaries.text.slice(0, 7), modelId: 'claude-sonnet-4.5' }),
    event('reasoningContentEvent', { text: canaries.text, signature: canaries.next }),
    ...pieces.map((piece) => event('toolUseEvent', { ...call, input: piece })),
    event(canaries.next, { [canaries.next]: canaries.text }),
    encodeFrame(
      { ':message-type': 'exception', ':exception-type': 'ValidationException' },
      Buffer.from(
        JSON.stringify({
          message: `Input is too long for ${canaries.next}.`,
          reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
        }),
      ),
    ),
    encodeFrame(
      { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': canaries.text },
      Buffer.alloc(0),
    ),
  ]);
}

function reply(canaries: Canaries): string {
  const delta = (partial: string) =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: partial } })}\n\n`;
  const input = JSON.stringify({ [canaries.next]: canaries.text });
  return [
    `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: { id: `msg_${canaries.next}`, type: 'message' } })}\n\n`,
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: canaries.text } })}\n\n`,
    ...(input.match(/.{1,4}/gsu) ?? []).map(delta),
    `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'api_error', message: canaries.text } })}\n\n`,
    `: ${canaries.text}\n\n`,
  ].join('');
}

function captured(canaries: Canaries) {
  const clock = createFakeClock();
  const ring = new CaptureRing('failures', clock);
  const record = new RequestRecord('req_1', clock.now());
  const headers = {
    authorization: `Bearer ${canaries.next}`,
    'x-api-key': canaries.next,
    'user-agent': `claude-cli/2.1.3 (external, ${canaries.next})`,
    'x-claude-code-session-id': canaries.next,
    [`x-${canaries.next}`]: canaries.next,
    'content-type': 'application/json',
    cookie: canaries.next,
    referer: canaries.next,
    'anthropic-beta': canaries.next,
  };
  record.capture = ring.begin(Object.entries(headers).flat());
  const client = JSON.stringify(messagesRequest(canaries));
  record.capture.takeBody(Buffer.from(client));
  const body = JSON.stringify(serviceRequest(canaries));
  const url = 'https://q.us-east-1.amazonaws.com/generateAssistantResponse';
  const access = { kind: 'organization', region: 'us-east-1', wireProfile: 'q-rest', baseUrl: undefined };
  const sent = {
    request: {
      method: 'POST' as const,
      url,
      headers: { 'x-amzn-kiro-profile-arn': canaries.next, 'x-other': canaries.next },
      body,
    },
    access: { ...access, profileArn: `arn:aws:codewhisperer:us-east-1:123456789012:profile/${canaries.next}` },
    catalogue: undefined,
    accountId: `acc_${canaries.next}`,
    expectsClosingEvents: true,
  };
  const stream = {
    status: 200,
    header: (name: string) => (name === 'content-type' ? 'application/vnd.amazon.eventstream' : undefined),
  };
  const exchange = record.capture.send(sent, clock.now);
  const bytes = frames(canaries);
  if (exchange) Object.assign(exchange, { answer: stream });
  for (let at = 0; at < bytes.length; at += 50) exchange?.take(bytes.subarray(at, at + 50));
  record.capture.takeReply(reply(canaries));
  const message = `The service refused ${canaries.next} (${canaries.next}@example.com).`;
  Object.assign(record, {
    code: 'upstream_refused',
    error: new GatewayError('upstream_refused', message),
    adjustments: [
      { rule: 'tool-name-alias', path: `tools[0].${canaries.next}`, before: canaries.next, after: canaries.next },
    ],
  });
  ring.observe(record);
  const settings = [
    { name: 'DRAGOMAN_HOME', value: `/home/${canaries.next}`, origin: 'environment' },
    { name: 'DRAGOMAN_PROFILE_ARN', value: canaries.next, origin: 'environment' },
    { name: 'DRAGOMAN_STRATEGY', value: 'sticky', origin: 'environment' },
  ];
  return { kept: ring.find('req_1'), client, body, settings };
}

/** The kinds and lengths of all values, in order. */
function shapeOf(value: JsonValue, isName = false): unknown {
  if (typeof value === 'string') return isName ? value.length : Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? String(value).length : value;
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  return Object.entries(value).map(([key, member]) => [shapeOf(key, true), shapeOf(member)]);
}

describe('a capsule', () => {
  const canaries = new Canaries();
  const { kept, client, body, settings } = captured(canaries);
  if (!kept) throw new Error('The request was not kept.');
  const capsule = buildCapsule(kept, { ...OPTIONS, settings });

  it('has none of 200 words that were in every kind of field', () => {
    expect(canaries.planted.length).toBeGreaterThanOrEqual(200);
    const written = JSON.stringify(capsule);
    const encoded = [...written.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([base64]) =>
      Buffer.from(base64, 'base64').toString('latin1'),
    );
    const all = [written, ...encoded].join('\n').toLowerCase();
    expect(canaries.planted.filter((word) => all.includes(word.toLowerCase()))).toEqual([]);
    for (const word of ['dear', 'meet', '犀牛', '🦏', '4711', '20041931', 'example.com/Kz'])
      expect(all).not.toContain(word);
  });

  it('keeps the structure, the lengths and the order of both requests', () => {
    expect(shapeOf(JSON.parse(capsule.request.body ?? ''))).toEqual(shapeOf(JSON.parse(client)));
    expect(shapeOf(JSON.parse(capsule.upstream[0]?.request.body ?? ''))).toEqual(shapeOf(JSON.parse(body)));
    expect(Buffer.byteLength(capsule.request.body ?? '')).toBe(Buffer.byteLength(client));
  });

  it('keeps what people look for: models, types, reasons, programs and the frames of a cut call', () => {
    const written = JSON.stringify(capsule);
    for (const word of [
      'claude-sonnet-4-5',
      'tool_use',
      'input_json_delta',
      'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
      'claude-cli/2.1.3',
      'Input is too long',
      'ValidationException',
    ])
      expect(written).toContain(word);
    const inputs =
      capsule.upstream[0]?.answer?.frames.flatMap(({ payload }) =>
        payload === '' ? [] : (JSON.parse(payload).input ?? []),
      ) ?? [];
    expect(Object.keys(JSON.parse(inputs.join('')))).toHaveLength(2);
    expect(capsule.settings).toContainEqual({ name: 'DRAGOMAN_STRATEGY', value: 'sticky' });
  });

  it('has one replacement for a name in schemas, uses and results', () => {
    const { tools, messages, tool_choice: choice } = JSON.parse(capsule.request.body ?? '');
    const [{ name, input_schema: inputSchema }] = tools;
    const use = messages[1].content[2];
    expect([choice.name, use.name]).toEqual([name, name]);
    expect(messages[2].content[0].tool_use_id).toBe(use.id);
    expect(inputSchema.required[0]).toBe(Object.keys(inputSchema.properties)[0]);
  });

  it('has blank images of the same size', () => {
    const source = (text: string) => Buffer.from(JSON.parse(text).messages[0].content[1].source.data, 'base64');
    const [before, after] = [source(client), source(capsule.request.body ?? '')];
    expect(imageSize(after)).toEqual(imageSize(before));
    expect(after).toHaveLength(before.length);
  });

  it('keeps texts and names on request, but no secrets', () => {
    const whole = buildCapsule(kept, { ...OPTIONS, withText: true });
    expect(whole.request.body).toContain('Dear ');
    const written = JSON.stringify(whole.request.headers);
    expect(canaries.planted.slice(0, 2).filter((secret) => written.includes(secret))).toEqual([]);
    expect(JSON.stringify(whole)).not.toContain('123456789012');
  });

  it('has the form of its schema', () => {
    expect(capsuleSchema().parse(JSON.parse(JSON.stringify(capsule)))).toEqual(capsule);
  });
});
