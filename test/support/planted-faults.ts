/**
 * Client requests with one fault each, for every rule of the service: what violates the rule, and the adjustments that
 * mend it, or none if it is refused. Small builders for Messages and Chat Completions bodies.
 */
import { randomBytes } from 'node:crypto';
import { Signatures } from '../../src/simulator/signatures.ts';
import { PNG } from './conversations.ts';
import { docx } from './documents.ts';
import { pngImage } from './png-image.ts';

export interface PlantedFault {
  readonly rule: string;
  readonly title: string;
  /** Default: `/v1/messages`. */
  readonly path?: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Rules of the adjustments that mend it. Empty: the request is refused. */
  readonly notes: readonly string[];
  /** In the refusal. Default: the rule. An agent that has to compact the conversation needs the vendor's words. */
  readonly says?: string;
  /** Default: `q-rest`. */
  readonly wireProfile?: string;
}

type Blocks = string | readonly object[];

const user = (content: Blocks) => ({ role: 'user', content });
const assistant = (content: Blocks) => ({ role: 'assistant', content });
const use = (id: string, name = 'read', input: unknown = { path: 'a' }) => ({ type: 'tool_use', id, name, input });
const result = (id: string, content: unknown = 'done', more = {}) => {
  return { type: 'tool_result', tool_use_id: id, content, ...more };
};
const words = (text: string) => ({ type: 'text', text });
/** As the simulator of these tests signs it. */
const signatures = new Signatures('7');
const thought = (thinking: string) => ({ type: 'thinking', thinking, signature: signatures.sign(thinking) });
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
const document = (title: string | undefined, mediaType: string, data: string) => ({
  type: 'document',
  ...(title === undefined ? {} : { title }),
  source: { type: 'base64', media_type: mediaType, data: Buffer.from(data).toString('base64') },
});

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const picture = randomBytes(5_000_000);
const word = (title: string, more: Readonly<Record<string, Uint8Array>> = {}) => ({
  type: 'document',
  title,
  source: { type: 'base64', media_type: DOCX, data: docx(['A page.'], [], more).toString('base64') },
});

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } } };
const tool = (name = 'read', schema: unknown = SCHEMA, description = 'Reads a file.') => {
  return { name, description, input_schema: schema };
};
const TOOLS = { tools: [tool('read'), tool('write')] };

function messages(list: readonly object[], more: object = {}): Record<string, unknown> {
  return { max_tokens: 9_000, messages: list, ...more };
}

const hello = user('Hello.');
/** A tool with this schema, which mends it. */
const schema = (title: string, value: unknown, ...notes: string[]): PlantedFault => {
  const rule = notes.some((note) => /root|missing/.test(note)) ? 'tool-schema-root' : 'tool-schema-keyword';
  return { rule, title, body: messages([hello], { tools: [tool('read', value)] }), notes };
};

const CHAT = '/v1/chat/completions';
const chatTool = { type: 'function', function: { name: 'read', description: 'Reads.', parameters: SCHEMA } };

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    rule: 'cache-point',
    title: 'a mark on a tool',
    body: messages([hello], { tools: [{ ...tool(), cache_control: { type: 'ephemeral' } }] }),
    notes: ['cache-point-ignored'],
  },
  {
    rule: 'content-empty',
    title: 'an empty user message',
    body: messages([hello, assistant('Hi.'), user(' ')]),
    notes: ['empty-turn-filled'],
  },
  {
    rule: 'content-empty',
    title: 'an empty assistant message',
    body: messages([hello, assistant(''), user('Go on.')]),
    notes: ['empty-turn-dropped'],
  },
  {
    rule: 'content-length',
    title: 'a long text',
    body: messages([user('x'.repeat(10_000_001))]),
    notes: [],
    says: 'prompt is too long',
  },
  {
    rule: 'document-bytes',
    title: 'a document of 5 MB with one page',
    body: messages([user([word('report', { 'word/media/a.png': picture }), words('Read.')])]),
    notes: ['document-extracted'],
  },
  {
    rule: 'document-format',
    title: 'JSON',
    body: messages([user([document('notes', 'application/json', '{"a":1}'), words('Read.')])]),
    notes: ['document-inlined'],
  },
  {
    rule: 'document-format',
    title: 'a document for a wire profile without documents',
    wireProfile: 'codewhisperer-legacy',
    body: messages([user([word('notes'), words('Read.')])]),
    notes: ['document-extracted'],
  },
  {
    rule: 'document-name',
    title: 'characters that the service refuses',
    body: messages([user([document('a_b.csv', 'text/csv', 'a,b\n'), words('Read.')])]),
    notes: ['document-name'],
  },
  {
    rule: 'documents-count',
    title: 'six documents',
    body: messages([
      user([...[1, 2, 3, 4, 5, 6].map((one) => document(`d${one}`, 'text/csv', `${one},b\n`)), words('Read.')]),
    ]),
    notes: ['attachments-spread'],
  },
  {
    rule: 'history-alternates',
    title: 'two user messages',
    body: messages([hello, user('Anyone?')]),
    notes: ['turns-merged'],
  },
  {
    rule: 'history-ends-assistant',
    title: 'a prefill',
    body: messages([hello, assistant('The answer is')]),
    notes: ['prefill-continued'],
  },
  {
    rule: 'history-first-user',
    title: 'an assistant message first',
    body: messages([assistant('Hi.'), hello]),
    notes: ['opening-turn-added'],
  },
  {
    rule: 'history-first-user',
    title: 'a tool result first',
    body: messages([user([result('t1')]), assistant('Hi.'), hello], TOOLS),
    notes: ['tool-result-orphan'],
  },
  {
    rule: 'history-length',
    title: 'more than 10,000 messages',
    body: messages(Array.from({ length: 10_003 }, (_, index) => (index % 2 === 0 ? user('a') : assistant('b')))),
    notes: [],
  },
  {
    rule: 'image-bytes',
    title: 'an image of 4 MB',
    body: messages([
      user([
        { ...png, source: { ...png.source, data: pngImage({ width: 1_200, height: 1_200, isStored: true }) } },
        words('Look.'),
      ]),
    ]),
    notes: ['image-scaled'],
  },
  {
    rule: 'image-dimensions',
    title: 'an image of 9,000 pixels',
    body: messages([
      user([{ ...png, source: { ...png.source, data: pngImage({ width: 9_000, height: 2 }) } }, words('Look.')]),
    ]),
    notes: ['image-scaled'],
  },
  {
    rule: 'image-format',
    title: 'a PNG declared as JPEG',
    body: messages([user([{ ...png, source: { ...png.source, media_type: 'image/jpeg' } }, words('Look.')])]),
    notes: ['image-type'],
  },
  {
    rule: 'image-format',
    title: 'an image declared as a document',
    body: messages([
      user([{ ...word('a'), source: { ...png.source, media_type: 'application/pdf' } }, words('Look.')]),
    ]),
    notes: ['attachment-type'],
  },
  {
    rule: 'images-count',
    title: 'eleven images',
    body: messages([
      user([
        ...Array.from({ length: 11 }, (_, index) => ({
          ...png,
          source: { ...png.source, data: pngImage({ width: 1 + index, height: 1 }) },
        })),
        words('Look.'),
      ]),
    ]),
    notes: ['attachments-spread'],
  },
  {
    rule: 'model-id',
    title: 'spaces',
    body: { ...messages([hello]), model: 'Claude Sonnet 4.5' },
    notes: ['model-alias'],
  },
  {
    rule: 'reasoning-history',
    title: 'unsigned reasoning',
    path: CHAT,
    body: { model: 'claude-sonnet-4.6', messages: [hello, { ...assistant('Hi.'), reasoning_content: 'Hm.' }, hello] },
    notes: ['reasoning-unsigned-dropped'],
  },
  {
    rule: 'reasoning-history',
    title: 'two blocks',
    body: messages([hello, assistant([thought('Hm.'), thought('So.'), words('Hi.')]), hello], {
      model: 'claude-sonnet-4.6',
    }),
    notes: ['reasoning-extra-dropped'],
  },
  {
    rule: 'reasoning-history',
    title: 'a wire profile without it',
    wireProfile: 'codewhisperer-legacy',
    body: messages([hello, assistant([{ type: 'redacted_thinking', data: 'QUJD' }, words('Hi.')]), hello]),
    notes: ['reasoning-history-dropped'],
  },
  {
    rule: 'text-well-formed',
    title: 'an unpaired surrogate',
    body: messages([user('broken \ud83d')]),
    notes: ['lone-surrogate-replaced'],
  },
  {
    rule: 'tool-declared',
    title: 'a tool of the past',
    body: messages([hello, assistant([use('t1', 'grep')]), user([result('t1')])], TOOLS),
    notes: ['tool-placeholder'],
  },
  {
    rule: 'tool-description',
    title: 'none',
    body: messages([hello], { tools: [tool('read', SCHEMA, '')] }),
    notes: ['tool-description-filled'],
  },
  {
    rule: 'tool-description',
    title: 'a long one',
    body: messages([hello], { tools: [tool('read', SCHEMA, 'long '.repeat(3_000))] }),
    notes: ['tool-description-moved'],
  },
  {
    rule: 'tool-duplicate',
    title: 'another case',
    body: messages([hello], { tools: [tool('read'), tool('Read')] }),
    notes: ['tool-name-alias'],
  },
  {
    rule: 'tool-duplicate',
    title: 'twice the same',
    body: messages([hello], { tools: [tool('read'), tool('read')] }),
    notes: ['tool-repeated'],
  },
  {
    rule: 'tool-name-pattern',
    title: 'a digit first, and dots',
    body: messages([hello], { tools: [tool('9.lives')] }),
    notes: ['tool-name-alias'],
  },
  {
    rule: 'tool-result-content',
    title: 'nothing',
    body: messages([hello, assistant([use('t1')]), user([result('t1', '')])], TOOLS),
    notes: ['tool-result-empty'],
  },
  {
    rule: 'tool-result-content',
    title: 'an image',
    body: messages([hello, assistant([use('t1')]), user([result('t1', [png])])], TOOLS),
    notes: ['tool-result-media-lifted'],
  },
  {
    rule: 'tool-result-order',
    title: 'the second result first',
    body: messages([hello, assistant([use('t1'), use('t2')]), user([result('t2'), result('t1')])], TOOLS),
    notes: ['tool-result-reordered'],
  },
  {
    rule: 'tool-result-pairing',
    title: 'no result',
    body: messages([hello, assistant([use('t1')]), user('Never mind.')], TOOLS),
    notes: ['tool-use-unanswered'],
  },
  {
    rule: 'tool-result-pairing',
    title: 'no call',
    body: messages([hello, assistant('Hi.'), user([result('t1')])], TOOLS),
    notes: ['tool-result-orphan'],
  },
  {
    rule: 'tool-result-pairing',
    title: 'two results',
    body: messages([hello, assistant([use('t1')]), user([result('t1'), result('t1', 'more')])], TOOLS),
    notes: ['tool-results-joined'],
  },
  schema(
    'a large bound',
    { ...SCHEMA, properties: { a: { type: 'integer', maximum: 2 ** 40 } } },
    'tool-schema-bound-removed',
  ),
  schema('a keyword', { ...SCHEMA, additionalProperties: false }, 'tool-schema-keyword-removed'),
  schema('a null', { ...SCHEMA, properties: { a: null } }, 'tool-schema-null-repaired'),
  schema('a recursive reference', { ...SCHEMA, properties: { a: { $ref: '#' } } }, 'tool-schema-ref-cut'),
  schema(
    'a reference',
    { ...SCHEMA, properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { type: 'string' } } },
    'tool-schema-ref-inlined',
  ),
  schema('an empty required', { ...SCHEMA, required: [] }, 'tool-schema-required-dropped'),
  schema('text', 'a file', 'tool-schema-missing'),
  schema('a choice', { ...SCHEMA, anyOf: [{ required: ['path'] }] }, 'tool-schema-root-merged'),
  schema('no type', { properties: {} }, 'tool-schema-root-object'),
  {
    rule: 'tool-use-id',
    title: 'a colon',
    body: messages([hello, assistant([use('read:0')]), user([result('read:0')])], TOOLS),
    notes: ['tool-use-id-alias'],
  },
  {
    rule: 'tool-use-id',
    title: 'one id for two calls',
    body: messages(
      [hello, assistant([use('t1')]), user([result('t1')]), assistant([use('t1')]), user([result('t1')])],
      TOOLS,
    ),
    notes: ['tool-use-id-repeated'],
  },
  {
    rule: 'tool-use-input',
    title: 'an empty key',
    body: messages([hello, assistant([use('t1', 'read', { '': 1 })]), user([result('t1')])], TOOLS),
    notes: ['tool-input-empty-key'],
  },
  {
    rule: 'tool-use-input',
    title: 'a list',
    body: messages([hello, assistant([use('t1', 'read', ['a'])]), user([result('t1')])], TOOLS),
    notes: ['tool-input-wrapped'],
  },
  // What the wire cannot express.
  {
    rule: 'attachment-once',
    title: 'one image twice',
    body: messages([user([png, words('Look.')]), assistant('Seen.'), user([png, words('Again.')])]),
    notes: ['attachment-repeated'],
  },
  {
    rule: 'completion-input',
    title: 'another model, much code, no file name',
    path: '/v1/completions',
    body: { prompt: `${'let a = 1;\n'.repeat(2_000)}function add(a, b) {\n  return `, suffix: '\n}\n', max_tokens: 64 },
    notes: ['completion-language-guessed', 'completion-model', 'completion-window'],
  },
  {
    rule: 'environment-size',
    title: 'a long path',
    body: messages([hello], { system: `<env>\n  Working directory: /${'a'.repeat(300)}\n  Platform: linux\n</env>` }),
    notes: ['environment-cut'],
  },
  {
    rule: 'image-input',
    title: 'an image for a model without images',
    body: { ...messages([user([png, words('Look.')])]), model: 'deepseek-3.2' },
    notes: ['image-not-supported'],
  },
  {
    rule: 'model-settings',
    title: 'a limit where the schema has one',
    path: CHAT,
    body: { messages: [hello], model: 'claude-opus-5', max_tokens: 2_000 },
    notes: ['output-limit-sent'],
  },
  {
    rule: 'model-settings',
    title: 'no reasoning options',
    path: CHAT,
    body: { messages: [hello], model: 'claude-opus-5' },
    notes: ['reasoning-default'],
  },
  {
    rule: 'model-settings',
    title: 'thinking off where the model always thinks',
    body: messages([hello], { model: 'claude-opus-5.5', thinking: { type: 'disabled' } }),
    notes: ['reasoning-not-off'],
  },
  {
    rule: 'model-settings',
    title: 'an effort that the model lacks',
    path: CHAT,
    body: { messages: [hello], model: 'claude-sonnet-4.6', reasoning_effort: 'xhigh' },
    notes: ['reasoning-effort-mapped'],
  },
  {
    rule: 'model-settings',
    title: 'an effort in the name',
    path: CHAT,
    body: { messages: [hello], model: 'claude-sonnet-4.6-low' },
    notes: ['reasoning-named'],
  },
  {
    rule: 'model-settings',
    title: 'an effort in the name and another option',
    path: CHAT,
    body: { messages: [hello], model: 'claude-sonnet-4.6-low', reasoning_effort: 'high' },
    notes: ['reasoning-named-overridden'],
  },
  {
    rule: 'model-settings',
    title: 'reasoning for an older model',
    path: CHAT,
    body: { messages: [hello], model: 'claude-sonnet-4.5', reasoning_effort: 'high' },
    notes: ['reasoning-tags'],
  },
  {
    rule: 'model-settings',
    title: 'reasoning for a model without any',
    path: CHAT,
    body: { messages: [hello], model: 'deepseek-3.2', reasoning_effort: 'high' },
    notes: ['reasoning-unavailable'],
  },
  {
    rule: 'result-images',
    title: 'images of two calls',
    body: messages(
      [
        hello,
        assistant([use('t1'), use('t2')]),
        user([
          result('t1', [png]),
          result('t2', [{ ...png, source: { ...png.source, data: pngImage({ width: 2, height: 2 }) } }]),
        ]),
      ],
      TOOLS,
    ),
    notes: ['tool-result-images-listed', 'tool-result-media-lifted'],
  },
  {
    rule: 'result-status',
    title: 'a failed call',
    body: messages([hello, assistant([use('t1')]), user([result('t1', 'no such file', { is_error: true })])], TOOLS),
    notes: ['tool-result-failed-marked'],
  },
  {
    rule: 'role-content',
    title: 'a result in the assistant’s message',
    body: messages([hello, assistant([use('t1'), result('t1')]), user('Go on.')], TOOLS),
    notes: ['turn-split'],
  },
  {
    rule: 'system-role',
    title: 'a system message in the middle',
    path: CHAT,
    body: { messages: [hello, assistant('Hi.'), { role: 'system', content: 'Be brief.' }, hello] },
    notes: ['system-turn-as-user'],
  },
  {
    rule: 'tool-choice',
    title: 'a call required, and one at a time',
    path: CHAT,
    body: { messages: [hello], tools: [chatTool], tool_choice: 'required', parallel_tool_calls: false },
    notes: ['parallel-tool-use-emulated', 'tool-choice-emulated'],
  },
];
