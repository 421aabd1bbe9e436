import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { anyCodePoint } from '../../test/support/code-points.ts';
import { attachmentOf, PNG } from '../../test/support/conversations.ts';
import type { Conversation, Part } from './conversation.ts';
import { estimateConversationTokens, estimateEscapedTokens, estimateTokens } from './tokens.ts';

const prose = `The lighthouse keeper counted the ships twice every evening, once by their lamps and once by the sound of
their bells. On clear nights the two numbers agreed. When fog came in from the estuary they never did, and he wrote both
of them into the book with a short remark, because he had learned that an honest difference is worth more than a tidy
figure. Nobody read the book for eleven years. Then the harbour board wanted to know how many vessels had passed in the
winter of the great storm, and his two columns were the only record which could say how sure anyone ought to be.`;

const code = `export async function drainQueue(queue: Queue<Job>, worker: Worker, signal: AbortSignal): Promise<number> {
  let finishedJobs = 0;
  for await (const job of queue.take({ limit: 25, signal })) {
    try {
      await worker.run(job.payload, { attempt: job.attempt + 1 });
      finishedJobs += 1;
    } catch (cause) {
      if (!isRetryable(cause)) throw new JobError(\`job \${job.id} failed\`, { cause });
      queue.putBack(job, Math.min(60_000, 2 ** job.attempt * 250));
    }
  }
  return finishedJobs;
}`;

const python = `class RollingMean:
    def __init__(self, window: int) -> None:
        self.values: deque[float] = deque(maxlen=window)

    def push(self, value: float) -> float | None:
        """Returns the mean of the last values, or None until the window is full."""
        self.values.append(value)
        if len(self.values) < self.values.maxlen:
            return None
        return sum(self.values) / len(self.values)`;

const json = JSON.stringify(
  {
    order: { id: 'ord_20931', placedAt: '2026-03-14T09:26:53Z', currency: 'EUR', total: 184.95 },
    lines: [
      { sku: 'KT-4410', title: 'Copper kettle, 1.7 l', quantity: 1, unitPrice: 129.0, tags: ['kitchen', 'gift'] },
      { sku: 'MG-0087', title: 'Stoneware mug', quantity: 3, unitPrice: 18.65, tags: [] },
    ],
    customer: { name: 'Ines Calvo', newsletter: false, addresses: null },
  },
  null,
  2,
);

const chinese = `清晨五点，渡口的雾还没有散，老船夫已经把缆绳解开，等着第一个过河的人。他说自己撑了四十年的船，见过赶考的学生、
逃荒的一家人，也见过坐着轿子不肯下来的官员。每个人都问他同一个问题：对岸还有多远？他总是笑一笑，说水路和心路不一样长。
后来桥修好了，渡口一天天冷清下来，他仍旧每天把船擦得干干净净，仿佛下一刻就会有人在雾里喊他的名字。`;

const samples = [
  { name: 'English prose', text: prose },
  { name: 'TypeScript', text: code },
  { name: 'Python', text: python },
  { name: 'JSON, indented', text: json },
  { name: 'JSON in one line', text: JSON.stringify(JSON.parse(json)) },
  { name: 'Chinese', text: chinese },
];

describe('the estimate of escaped text', () => {
  it('is that of the text, with every escape of JSON', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text).slice(1, -1)),
      fc.constantFrom(
        '\\n',
        '\\/',
        '\\b\\f\\t',
        '\\u00e9',
        '\\u65e5',
        '\\uD83D\\uDE42',
        '\\u0041b',
        '\\\\u0041',
        'Word ',
      ),
      fc.integer({ min: 0, max: 0xffff }).map((code) => `\\u${code.toString(16).padStart(4, '0')}`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom(1, 40), (pieces, times) => {
        const escaped = pieces.join('').repeat(times);
        expect(estimateEscapedTokens(escaped)).toBe(estimateTokens(JSON.parse(`"${escaped}"`)));
      }),
      { seed: 42, numRuns: 1_000 },
    );
  });
});

describe('the token estimate', () => {
  it.each(samples)('is within 15 % of a real tokenizer on $name', ({ text }) => {
    const real = encode(text).length;
    expect(Math.abs(estimateTokens(text) / real - 1)).toBeLessThan(0.15);
  });

  it('is within 15 % on long, sampled texts', () => {
    const long = samples.map(({ text }) => text.repeat(6)).join('\n\n');
    expect(Math.abs(estimateTokens(long) / encode(long).length - 1)).toBeLessThan(0.15);
  });

  it('is within 15 % of the sum of the parts on a text of 8 million characters', () => {
    const line = 'The quick brown fox reads 1,234 files in /srv/data; 测试 passes.\n';
    const count = Math.ceil(8_000_000 / line.length);
    const whole = estimateTokens(line.repeat(count));
    expect(Math.abs(whole / (estimateTokens(line) * count) - 1)).toBeLessThan(0.15);
  });

  it('is 0 for empty text and at least 1 for a word', () => {
    expect(estimateTokens('')).toBe(0);
    fc.assert(
      fc.property(fc.stringMatching(/^\w{1,40}$/), (word) => {
        expect(estimateTokens(word)).toBeGreaterThanOrEqual(1);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('returns a whole number for any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodePoint, maxLength: 3_000, size: 'max' }), (text) => {
        expect(Number.isSafeInteger(estimateTokens(text))).toBe(true);
      }),
      { seed: 42, numRuns: 50 },
    );
  });
});

const conversation = (parts: Part[], change: Partial<Conversation> = {}): Conversation => ({
  model: 'm',
  system: [],
  turns: [{ at: 'messages[0]', role: 'user', parts }],
  tools: [],
  toolChoice: { type: 'auto' },
  parallelToolUse: true,
  reasoning: { mode: 'unset' },
  output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
  key: undefined,
  ...change,
});

function fileOf(bytes: Buffer): Part {
  const attachment = attachmentOf(bytes.toString('base64'));
  return { type: 'document', at: 'a', name: 'a', mediaType: 'text/csv', source: { type: 'attachment', attachment } };
}

describe('the token estimate of a conversation', () => {
  const at = 'messages[0].content[0]';
  const cases: { name: string; parts: Part[]; range: [number, number] }[] = [
    { name: 'text', parts: [{ type: 'text', at, text: prose }], range: [100, 150] },
    {
      name: 'an image as one image',
      parts: [{ type: 'image', at, mediaType: 'image/png', attachment: attachmentOf('A'.repeat(400_000)) }],
      range: [1600, 1610],
    },
    {
      name: 'a small image by its size',
      parts: [{ type: 'image', at, mediaType: 'image/png', attachment: attachmentOf(PNG) }],
      range: [5, 10],
    },
    {
      name: 'a tool use with its input',
      parts: [
        { type: 'tool-use', at, toolUseId: 't', name: 'read_file', input: { path: 'src/index.ts', lines: [1, 200] } },
      ],
      range: [15, 35],
    },
    {
      name: 'a tool result with its content',
      parts: [
        { type: 'tool-result', at, toolUseId: 't', isError: false, content: [{ type: 'text', at, text: prose }] },
      ],
      range: [100, 160],
    },
    {
      name: 'a text document',
      parts: [{ type: 'document', at, name: 'a', mediaType: 'text/plain', source: { type: 'text', text: prose } }],
      range: [100, 150],
    },
    { name: 'the text of a text file', parts: [fileOf(Buffer.from(prose))], range: [100, 150] },
    {
      name: 'the text of a text file in UTF-16',
      parts: [fileOf(Buffer.from(`\uFEFF${prose}`, 'utf16le'))],
      range: [100, 150],
    },
    {
      name: 'the text of a large text file by its beginning',
      parts: [fileOf(Buffer.from(prose.repeat(4_000)))],
      range: [400_000, 600_000],
    },
    {
      name: 'a tenth of a PDF',
      parts: [fileOf(Buffer.from(`%PDF-1.4 ${prose.repeat(100)}`))],
      range: [1_300, 1_700],
    },
    {
      name: 'reasoning',
      parts: [
        { type: 'reasoning', at, text: prose },
        { type: 'redacted-reasoning', at, data: 'QUJD' },
      ],
      range: [100, 160],
    },
  ];
  it.each(cases)('counts $name', ({ parts, range: [least, most] }) => {
    const tokens = estimateConversationTokens(conversation(parts));
    expect(tokens).toBeGreaterThanOrEqual(least);
    expect(tokens).toBeLessThanOrEqual(most);
  });

  it('counts system text and declared tools', () => {
    const inputSchema = { type: 'object', properties: { path: { type: 'string', description: 'Where to read' } } };
    const tool = { at: 'tools[0]', name: 'read_file', description: prose, inputSchema };
    const withBoth = conversation([], { system: [{ at: 'system', text: prose, cachePoint: false }], tools: [tool] });
    const real = 2 * encode(prose).length + encode(JSON.stringify(inputSchema)).length;
    expect(Math.abs(estimateConversationTokens(withBoth) / real - 1)).toBeLessThan(0.15);
  });
});
