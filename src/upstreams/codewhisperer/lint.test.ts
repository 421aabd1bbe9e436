import { describe, expect, it } from 'vitest';
import { conversation, image as imagePart, PNG, user } from '../../../test/support/conversations.ts';
import type { JsonObject } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import { LINT_RULES, type LintRuleId } from './lint/rules.ts';
import { findViolations, lint } from './lint.ts';
import { wireProfile } from './profiles.ts';
import type { GenerateAssistantResponseRequest } from './wire.ts';

const schema = { type: 'object', properties: { path: { type: 'string' } } };
const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';

/** A request with nothing wrong in it, made of plain objects so that a test can break it anywhere. */
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

/** Sets what stands at a path of keys; `undefined` takes it away. */
function broken(path: string, value: unknown): GenerateAssistantResponseRequest {
  const request = fine();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder: Record<string, unknown> = request;
  // Test data: every step of a path leads to an object or a list.
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  // Broken on purpose: this is what the linter is for.
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
  readonly says: string;
  readonly path: string;
  readonly value: unknown;
  readonly profile?: string;
}

const cases: Case[] = [
  { rule: 'body-field', says: 'a field of somebody’s invention', path: 'systemPrompt', value: 'x' },
  { rule: 'body-field', says: 'agent mode in the body', path: 'agentMode', value: 'vibe' },
  {
    rule: 'body-field',
    says: 'a field this profile lacks',
    path: 'conversationState.agentTaskType',
    value: 'vibe',
    profile: 'q-json',
  },
  {
    rule: 'body-field',
    says: 'settings this profile lacks',
    path: 'additionalModelRequestFields',
    value: {},
    profile: 'codewhisperer-legacy',
  },
  { rule: 'trigger-type', says: 'AUTO', path: 'conversationState.chatTriggerType', value: 'AUTO' },
  { rule: 'conversation-id', says: 'an empty id', path: 'conversationState.conversationId', value: '' },
  { rule: 'conversation-id', says: 'a long id', path: 'conversationState.conversationId', value: 'x'.repeat(129) },
  { rule: 'profile-arn', says: 'something else', path: 'profileArn', value: 'my-profile' },
  { rule: 'model-id', says: 'a slash', path: `${CURRENT}.modelId`, value: 'anthropic/claude' },
  { rule: 'no-null', says: 'null', path: `${CURRENT}.origin`, value: null },
  { rule: 'no-null', says: 'an empty list', path: `${CURRENT}.images`, value: [] },
  { rule: 'history-first-user', says: 'the assistant first', path: HISTORY, value: history.slice(1) },
  {
    rule: 'history-first-user',
    says: 'results first',
    path: `${HISTORY}.0.userInputMessage.userInputMessageContext`,
    value: { toolResults: [result('t0')] },
  },
  {
    rule: 'history-ends-assistant',
    says: 'the user twice at the end',
    path: HISTORY,
    value: [...history, userMessage()],
  },
  {
    rule: 'history-alternates',
    says: 'two assistants',
    path: HISTORY,
    value: [history[0], history[1], ...history.slice(1)],
  },
  {
    rule: 'history-length',
    says: '10,001 entries',
    path: HISTORY,
    value: Array.from({ length: 10_001 }, (_, index) => (index % 2 === 0 ? userMessage() : assistantMessage())),
  },
  { rule: 'content-empty', says: 'nothing said', path: `${HISTORY}.0.userInputMessage.content`, value: '' },
  { rule: 'content-empty', says: 'no answer', path: `${HISTORY}.1.assistantResponseMessage.content`, value: '' },
  { rule: 'content-length', says: 'too much text', path: `${CURRENT}.content`, value: 'x'.repeat(10_000_001) },
  {
    rule: 'content-length',
    says: 'too much in a result',
    path: `${CONTEXT}.toolResults.0.content.0.text`,
    value: 'x'.repeat(10_000_001),
  },
  { rule: 'text-well-formed', says: 'half a character', path: `${CURRENT}.content`, value: 'a\ud800' },
  {
    rule: 'reasoning-history',
    says: 'no signature',
    path: `${HISTORY}.1.assistantResponseMessage.reasoningContent`,
    value: { reasoningText: { text: 'x' } },
  },
  {
    rule: 'reasoning-history',
    says: 'a profile without it',
    path: `${HISTORY}.1.assistantResponseMessage.reasoningContent`,
    value: { redactedContent: 'QUJD' },
    profile: 'codewhisperer-legacy',
  },
  { rule: 'cache-point', says: 'in tools', path: `${CONTEXT}.tools.2`, value: { cachePoint: { type: 'default' } } },
  {
    rule: 'cache-point',
    says: 'a profile without it',
    path: `${CURRENT}.cachePoint`,
    value: { type: 'default' },
    profile: 'codewhisperer-legacy',
  },
  {
    rule: 'cache-point',
    says: 'five of them',
    path: HISTORY,
    value: [1, 2, 3].flatMap(() => [
      userMessage({ cachePoint: { type: 'default' } }),
      assistantMessage({ cachePoint: { type: 'default' } }),
    ]),
  },
  {
    rule: 'tools-in-history',
    says: 'tools too early',
    path: `${HISTORY}.0.userInputMessage.userInputMessageContext`,
    value: { tools: [] },
  },
  { rule: 'tool-name-pattern', says: 'a dot', path: `${SPECIFICATION}.name`, value: 'a.b' },
  { rule: 'tool-name-pattern', says: '65 characters', path: `${SPECIFICATION}.name`, value: 'x'.repeat(65) },
  { rule: 'tool-name-pattern', says: 'a dot in a use', path: `${USE}.name`, value: 'a.b' },
  { rule: 'tool-duplicate', says: 'another case', path: `${SPECIFICATION}.name`, value: 'WRITE' },
  { rule: 'tool-declared', says: 'a tool nobody declared', path: `${USE}.name`, value: 'gone' },
  { rule: 'tool-description', says: 'none', path: `${SPECIFICATION}.description`, value: '' },
  { rule: 'tool-description', says: 'too long', path: `${SPECIFICATION}.description`, value: 'x'.repeat(9_217) },
  { rule: 'tool-schema-root', says: 'no object', path: `${SPECIFICATION}.inputSchema.json`, value: { type: 'string' } },
  {
    rule: 'tool-schema-root',
    says: 'no properties',
    path: `${SPECIFICATION}.inputSchema.json`,
    value: { type: 'object' },
  },
  {
    rule: 'tool-schema-root',
    says: 'a choice',
    path: `${SPECIFICATION}.inputSchema.json`,
    value: { ...schema, oneOf: [{}] },
  },
  { rule: 'tool-schema-keyword', says: '$schema', path: `${SPECIFICATION}.inputSchema.json.$schema`, value: 'x' },
  {
    rule: 'tool-schema-keyword',
    says: 'deep null',
    path: `${SPECIFICATION}.inputSchema.json.properties.path.items`,
    value: null,
  },
  {
    rule: 'tool-schema-keyword',
    says: 'a reference',
    path: `${SPECIFICATION}.inputSchema.json.properties.path`,
    value: { $ref: '#' },
  },
  {
    rule: 'tool-schema-keyword',
    says: 'empty required',
    path: `${SPECIFICATION}.inputSchema.json.required`,
    value: [],
  },
  { rule: 'tool-use-id', says: 'a colon', path: `${USE}.toolUseId`, value: 'read:0' },
  { rule: 'tool-use-id', says: 'twice the same', path: `${USE}.toolUseId`, value: 't2' },
  { rule: 'tool-use-input', says: 'text', path: `${USE}.input`, value: '{}' },
  { rule: 'tool-use-input', says: 'an empty key', path: `${USE}.input`, value: { a: [{ '': 1 }] } },
  { rule: 'tool-result-pairing', says: 'a result missing', path: `${CONTEXT}.toolResults`, value: [result('t1')] },
  { rule: 'tool-result-pairing', says: 'one too many', path: `${CONTEXT}.toolResults.2`, value: result('t3') },
  {
    rule: 'tool-result-pairing',
    says: 'twice one result',
    path: `${CONTEXT}.toolResults`,
    value: [result('t1'), result('t1')],
  },
  {
    rule: 'tool-result-order',
    says: 'the wrong order',
    path: `${CONTEXT}.toolResults`,
    value: [result('t2'), result('t1')],
  },
  { rule: 'tool-result-content', says: 'no content', path: `${CONTEXT}.toolResults.0.content`, value: [] },
  { rule: 'tool-result-content', says: 'empty text', path: `${CONTEXT}.toolResults.0.content`, value: [{ text: '' }] },
  {
    rule: 'images-count',
    says: 'eleven',
    path: `${CURRENT}.images`,
    value: Array(11).fill({ format: 'png', source: { bytes: PNG } }),
  },
  { rule: 'image-dimensions', says: 'too wide', path: `${CURRENT}.images.0.source.bytes`, value: WIDE },
  { rule: 'image-format', says: 'a wrong type', path: `${CURRENT}.images.0.format`, value: 'gif' },
  {
    rule: 'image-bytes',
    says: 'too large',
    path: `${CURRENT}.images.0.source.bytes`,
    value: PNG.slice(0, 64) + 'A'.repeat(5_000_000),
  },
  {
    rule: 'documents-count',
    says: 'six',
    path: `${CURRENT}.documents`,
    value: [1, 2, 3, 4, 5, 6].map((n) => pdf(`d${n}`)),
  },
  { rule: 'document-format', says: 'an archive', path: `${CURRENT}.documents.0.format`, value: 'zip' },
  {
    rule: 'document-format',
    says: 'a profile without documents',
    path: `${CURRENT}.origin`,
    value: 'CLI',
    profile: 'codewhisperer-legacy',
  },
  { rule: 'document-name', says: 'a dot', path: `${CURRENT}.documents.0.name`, value: 'a.pdf' },
  { rule: 'document-name', says: 'twice', path: `${CURRENT}.documents`, value: [pdf('a'), pdf('a')] },
  {
    rule: 'document-bytes',
    says: 'too large',
    path: `${CURRENT}.documents.0.source.bytes`,
    value: 'A'.repeat(6_000_004),
  },
];

describe('the linter', () => {
  const rulesOf = (request: GenerateAssistantResponseRequest, profile = 'q-rest') =>
    runAtOnce(findViolations(request, wireProfile(profile))).map(({ rule }) => rule);

  it('finds nothing in a fine request', () => {
    expect(rulesOf(broken('profileArn', ARN))).toEqual([]);
  });

  it.each(cases)('$rule: $says', ({ rule, path, value, profile }) => {
    expect(rulesOf(broken(path, value), profile)).toContain(rule);
  });

  it.each(LINT_RULES)('has a case for $id and describes it in a sentence', ({ id, description }) => {
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

  it('names the client’s field when it knows what the request was written from', () => {
    const request: GenerateAssistantResponseRequest = {
      conversationState: {
        chatTriggerType: 'MANUAL',
        currentMessage: { userInputMessage: { content: 'x', images: [{ format: 'gif', source: { bytes: PNG } }] } },
      },
    };
    const said = conversation([user('x', imagePart(PNG, 'image/gif', 'messages[0].content[7]'))]);
    expect(() => runAtOnce(lint(request, wireProfile('q-rest'), said))).toThrow(
      expect.objectContaining({ param: 'messages[0].content[7]', message: expect.stringContaining('image-format') }),
    );
  });
});
