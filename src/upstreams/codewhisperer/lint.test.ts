import { describe, expect, it } from 'vitest';
import { conversation, image as imagePart, PNG, user } from '../../../test/support/conversations.ts';
import type { JsonObject } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import { CHECKED_RULES } from './lint/checked-rules.ts';
import type { LintRuleId } from './lint/rules.ts';
import { findViolations, lint } from './lint.ts';
import { wireProfile } from './profiles.ts';
import type { GenerateAssistantResponseRequest } from './wire.ts';

const schema = { type: 'object', properties: { path: { type: 'string' } } };
const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';

/** A valid request of plain objects, so that a test can break it anywhere. */
function fine() {
  return {
    conversationState: {
      chatTriggerType: 'MANUAL',
      conversationId: 'c-1',
      history: [
        { userInputMessage: { content: 'Be terse.', modelId: 'm' } },
        { assistantResponseMessage: { content: 'Understood.' } },
        { userInputMessage: { content: 'Go.', modelId: 'm' } },
        {
          assistantResponseMessage: {
            content: ' ',
            toolUses: [
              { toolUseId: 't1', name: 'read', input: { path: 'a' } },
              { toolUseId: 't2', name: 'write', input: {} },
            ],
          },
        },
      ],
      currentMessage: {
        userInputMessage: {
          content: '',
          modelId: 'm',
          images: [{ format: 'png', source: { bytes: PNG } }],
          documents: [{ name: 'notes', format: 'pdf', source: { bytes: 'QUJD' } }],
          userInputMessageContext: {
            toolResults: [
              { toolUseId: 't1', status: 'success', content: [{ text: 'x' }] },
              { toolUseId: 't2', status: 'error', content: [{ text: 'y' }] },
            ],
            tools: [
              { toolSpecification: { name: 'read', description: 'Reads', inputSchema: { json: schema } } },
              { toolSpecification: { name: 'write', description: 'Writes', inputSchema: { json: schema } } },
            ],
          },
        },
      },
    },
    profileArn: ARN,
  };
}

/** Sets what stands at a path of keys; `undefined` removes it. */
function broken(path: string, value: unknown): GenerateAssistantResponseRequest {
  const request = fine();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder: Record<string, unknown> = request;
  // Test data: every step of a path is an object or a list.
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  // Broken on purpose.
  return request as unknown as GenerateAssistantResponseRequest;
}

const HISTORY = 'conversationState.history';
const CURRENT = 'conversationState.currentMessage.userInputMessage';
const CONTEXT = `${CURRENT}.userInputMessageContext`;
const USE = `${HISTORY}.3.assistantResponseMessage.toolUses.0`;
const SPECIFICATION = `${CONTEXT}.tools.0.toolSpecification`;
const result = (toolUseId: string) => ({ toolUseId, status: 'success', content: [{ text: 'x' }] });
const userMessage = (change: JsonObject = {}) => ({ userInputMessage: { content: 'x', ...change } });
const assistantMessage = (change: JsonObject = {}) => ({ assistantResponseMessage: { content: 'x', ...change } });
const pdf = (name: string) => ({ name, format: 'pdf', source: { bytes: 'QUJD' } });
const history = fine().conversationState.history;

/** The head of a PNG of 8,001 × 1 pixels. */
const wide = Buffer.from(PNG, 'base64');
wide.writeUInt32BE(8_001, 16);
const WIDE = wide.toString('base64');

interface Case {
  readonly rule: LintRuleId;
  readonly title: string;
  readonly path: string;
  readonly value: unknown;
  readonly profile?: string;
}

const cases: Case[] = [
  { rule: 'body-field', title: 'an unknown field', path: 'systemPrompt', value: 'x' },
  { rule: 'body-field', title: 'agent mode in the body', path: 'agentMode', value: 'vibe' },
  {
    rule: 'body-field',
    title: 'a field this profile lacks',
    path: 'conversationState.agentTaskType',
    value: 'vibe',
    profile: 'q-json',
  },
  {
    rule: 'body-field',
    title: 'settings this profile lacks',
    path: 'additionalModelRequestFields',
    value: {},
    profile: 'codewhisperer-legacy',
  },
  { rule: 'trigger-type', title: 'AUTO', path: 'conversationState.chatTriggerType', value: 'AUTO' },
  { rule: 'conversation-id', title: 'an empty id', path: 'conversationState.conversationId', value: '' },
  { rule: 'conversation-id', title: 'a long id', path: 'conversationState.conversationId', value: 'x'.repeat(129) },
  { rule: 'profile-arn', title: 'something else', path: 'profileArn', value: 'my-profile' },
  { rule: 'model-id', title: 'a slash', path: `${CURRENT}.modelId`, value: 'anthropic/claude' },
  { rule: 'no-null', title: 'null', path: `${CURRENT}.origin`, value: null },
  { rule: 'no-null', title: 'an empty list', path: `${CURRENT}.images`, value: [] },
  { rule: 'history-first-user', title: 'the assistant first', path: HISTORY, value: history.slice(1) },
  {
    rule: 'history-first-user',
    title: 'results first',
    path: `${HISTORY}.0.userInputMessage.userInputMessageContext`,
    value: { toolResults: [result('t0')] },
  },
  {
    rule: 'history-ends-assistant',
    title: 'the user twice at the end',
    path: HISTORY,
    value: [...history, userMessage()],
  },
  {
    rule: 'history-alternates',
    title: 'two assistants',
    path: HISTORY,
    value: [history[0], history[1], ...history.slice(1)],
  },
  {
    rule: 'history-length',
    title: '10,001 entries',
    path: HISTORY,
    value: Array.from({ length: 10_001 }, (_, index) => (index % 2 === 0 ? userMessage() : assistantMessage())),
  },
  { rule: 'content-empty', title: 'no content', path: `${HISTORY}.0.userInputMessage.content`, value: '' },
  { rule: 'content-empty', title: 'no answer', path: `${HISTORY}.1.assistantResponseMessage.content`, value: '' },
  { rule: 'content-length', title: 'too much text', path: `${CURRENT}.content`, value: 'x'.repeat(10_000_001) },
  {
    rule: 'content-length',
    title: 'too much in a result',
    path: `${CONTEXT}.toolResults.0.content.0.text`,
    value: 'x'.repeat(10_000_001),
  },
  { rule: 'text-well-formed', title: 'half a character', path: `${CURRENT}.content`, value: 'a\ud800' },
  {
    rule: 'reasoning-history',
    title: 'no signature',
    path: `${HISTORY}.1.assistantResponseMessage.reasoningContent`,
    value: { reasoningText: { text: 'x' } },
  },
  {
    rule: 'reasoning-history',
    title: 'a profile without it',
    path: `${HISTORY}.1.assistantResponseMessage.reasoningContent`,
    value: { redactedContent: 'QUJD' },
    profile: 'codewhisperer-legacy',
  },
  { rule: 'cache-point', title: 'in tools', path: `${CONTEXT}.tools.2`, value: { cachePoint: { type: 'default' } } },
  {
    rule: 'cache-point',
    title: 'a profile without it',
    path: `${CURRENT}.cachePoint`,
    value: { type: 'default' },
    profile: 'codewhisperer-legacy',
  },
  {
    rule: 'cache-point',
    title: 'five of them',
    path: HISTORY,
    value: [1, 2, 3].flatMap(() => [
      userMessage({ cachePoint: { type: 'default' } }),
      assistantMessage({ cachePoint: { type: 'default' } }),
    ]),
  },
  {
    rule: 'tools-in-history',
    title: 'tools too early',
    path: `${HISTORY}.0.userInputMessage.userInputMessageContext`,
    value: { tools: [] },
  },
  { rule: 'tool-name-pattern', title: 'a dot', path: `${SPECIFICATION}.name`, value: 'a.b' },
  { rule: 'tool-name-pattern', title: '65 characters', path: `${SPECIFICATION}.name`, value: 'x'.repeat(65) },
  { rule: 'tool-name-pattern', title: 'a dot in a use', path: `${USE}.name`, value: 'a.b' },
  { rule: 'tool-duplicate', title: 'another case', path: `${SPECIFICATION}.name`, value: 'WRITE' },
  { rule: 'tool-declared', title: 'an undeclared tool', path: `${USE}.name`, value: 'gone' },
  { rule: 'tool-description', title: 'none', path: `${SPECIFICATION}.description`, value: '' },
  { rule: 'tool-description', title: 'too long', path: `${SPECIFICATION}.description`, value: 'x'.repeat(9_217) },
  {
    rule: 'tool-schema-root',
    title: 'no object',
    path: `${SPECIFICATION}.inputSchema.json`,
    value: { type: 'string' },
  },
  {
    rule: 'tool-schema-root',
    title: 'no properties',
    path: `${SPECIFICATION}.inputSchema.json`,
    value: { type: 'object' },
  },
  {
    rule: 'tool-schema-root',
    title: 'a choice',
    path: `${SPECIFICATION}.inputSchema.json`,
    value: { ...schema, oneOf: [{}] },
  },
  { rule: 'tool-schema-keyword', title: '$schema', path: `${SPECIFICATION}.inputSchema.json.$schema`, value: 'x' },
  {
    rule: 'tool-schema-keyword',
    title: 'deep null',
    path: `${SPECIFICATION}.inputSchema.json.properties.path.items`,
    value: null,
  },
  {
    rule: 'tool-schema-keyword',
    title: 'a reference',
    path: `${SPECIFICATION}.inputSchema.json.properties.path`,
    value: { $ref: '#' },
  },
  {
    rule: 'tool-schema-keyword',
    title: 'empty required',
    path: `${SPECIFICATION}.inputSchema.json.required`,
    value: [],
  },
  { rule: 'tool-use-id', title: 'a colon', path: `${USE}.toolUseId`, value: 'read:0' },
  { rule: 'tool-use-id', title: 'twice the same', path: `${USE}.toolUseId`, value: 't2' },
  { rule: 'tool-use-input', title: 'text', path: `${USE}.input`, value: '{}' },
  { rule: 'tool-use-input', title: 'an empty key', path: `${USE}.input`, value: { a: [{ '': 1 }] } },
  { rule: 'tool-result-pairing', title: 'a result missing', path: `${CONTEXT}.toolResults`, value: [result('t1')] },
  { rule: 'tool-result-pairing', title: 'one too many', path: `${CONTEXT}.toolResults.2`, value: result('t3') },
  {
    rule: 'tool-result-pairing',
    title: 'twice one result',
    path: `${CONTEXT}.toolResults`,
    value: [result('t1'), result('t1')],
  },
  {
    rule: 'tool-result-order',
    title: 'the wrong order',
    path: `${CONTEXT}.toolResults`,
    value: [result('t2'), result('t1')],
  },
  { rule: 'tool-result-content', title: 'no content', path: `${CONTEXT}.toolResults.0.content`, value: [] },
  { rule: 'tool-result-content', title: 'empty text', path: `${CONTEXT}.toolResults.0.content`, value: [{ text: '' }] },
  {
    rule: 'images-count',
    title: 'eleven',
    path: `${CURRENT}.images`,
    value: Array(11).fill({ format: 'png', source: { bytes: PNG } }),
  },
  { rule: 'image-dimensions', title: 'too wide', path: `${CURRENT}.images.0.source.bytes`, value: WIDE },
  { rule: 'image-format', title: 'a wrong type', path: `${CURRENT}.images.0.format`, value: 'gif' },
  {
    rule: 'image-bytes',
    title: 'too large',
    path: `${CURRENT}.images.0.source.bytes`,
    value: PNG.slice(0, 64) + 'A'.repeat(5_000_000),
  },
  {
    rule: 'documents-count',
    title: 'six',
    path: `${CURRENT}.documents`,
    value: [1, 2, 3, 4, 5, 6].map((n) => pdf(`d${n}`)),
  },
  { rule: 'document-format', title: 'an archive', path: `${CURRENT}.documents.0.format`, value: 'zip' },
  {
    rule: 'document-format',
    title: 'a profile without documents',
    path: `${CURRENT}.origin`,
    value: 'CLI',
    profile: 'codewhisperer-legacy',
  },
  { rule: 'document-name', title: 'a dot', path: `${CURRENT}.documents.0.name`, value: 'a.pdf' },
  { rule: 'document-name', title: 'twice', path: `${CURRENT}.documents`, value: [pdf('a'), pdf('a')] },
  {
    rule: 'document-bytes',
    title: 'too large',
    path: `${CURRENT}.documents.0.source.bytes`,
    value: 'A'.repeat(6_000_004),
  },
];

describe('the linter', () => {
  const rulesOf = (request: GenerateAssistantResponseRequest, profile = 'q-rest') =>
    runAtOnce(findViolations(request, wireProfile(profile))).map(({ rule }) => rule);

  it('accepts a valid request', () => {
    expect(rulesOf(broken('profileArn', ARN))).toEqual([]);
  });

  it.each(cases)('$rule: $title', ({ rule, path, value, profile }) => {
    expect(rulesOf(broken(path, value), profile)).toContain(rule);
  });

  it.each(Object.entries(CHECKED_RULES))('has a case for %s and describes it in a sentence', (id, { description }) => {
    expect(cases.map(({ rule }) => rule)).toContain(id);
    expect(description).toMatch(/^[A-Z].+\.$/);
  });

  const codes = [
    { rule: 'tool-name-pattern', path: `${SPECIFICATION}.name`, value: 'a.b', code: 'invalid_request' },
    { rule: 'content-length', path: `${CURRENT}.content`, value: 'x'.repeat(10_000_001), code: 'context_too_long' },
    { rule: 'model-id', path: `${CURRENT}.modelId`, value: 'a/b', code: 'unknown_model' },
    { rule: 'profile-arn', path: 'profileArn', value: 'x', code: 'profile_required' },
  ];
  it.each(codes)('throws $code naming $rule', ({ rule, path, value, code }) => {
    expect(() => runAtOnce(lint(broken(path, value), wireProfile('q-rest')))).toThrow(
      expect.objectContaining({ rule, code }),
    );
  });

  it('names the client’s field if it has the source of the request', () => {
    const request: GenerateAssistantResponseRequest = {
      conversationState: {
        chatTriggerType: 'MANUAL',
        currentMessage: { userInputMessage: { content: 'x', images: [{ format: 'gif', source: { bytes: PNG } }] } },
      },
    };
    const source = conversation([user('x', imagePart(PNG, 'image/gif', 'messages[0].content[7]'))]);
    expect(() => runAtOnce(lint(request, wireProfile('q-rest'), source))).toThrow(
      expect.objectContaining({ param: 'messages[0].content[7]', message: expect.stringContaining('image-format') }),
    );
  });
});
