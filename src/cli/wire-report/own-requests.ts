/** What dragoman itself sends: a request of each operation with each wire profile, to compare a client's with. */
import type { OwnRequest } from '../../capsules/wire-report/report.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages } from '../../protocols/anthropic-messages/index.ts';
import { createCodewhisperer } from '../../upstreams/codewhisperer/index.ts';
import { SHIPPED_PROFILES } from '../../upstreams/codewhisperer/profiles.ts';
import type { Access, Upstream, UpstreamRequest } from '../../upstreams/upstream.ts';

const REGION = 'us-east-1';
const PROFILE_ARN = `arn:aws:codewhisperer:${REGION}:123456789012:profile/EXAMPLEEXAM1`;
const ID = '00000000-0000-4000-8000-000000000000';
const INVOCATION = { id: ID, attempt: 1 };

export function ownRequests(): readonly OwnRequest[] {
  const upstream = createCodewhisperer(SHIPPED_PROFILES);
  return SHIPPED_PROFILES.list().flatMap(({ profile }) => {
    const [kind = 'builder-id'] = Object.keys(profile.accounts);
    const access = { region: REGION, profileArn: PROFILE_ARN, wireProfile: profile.id, baseUrl: undefined, kind };
    return [...operationsOf(upstream, access)].flatMap(([operation, encode]): OwnRequest[] => {
      const request = orUndefined(encode);
      return request ? [toOwn(operation, request, profile.id)] : [];
    });
  });
}

function* operationsOf(upstream: Upstream, access: Access): Generator<[string, () => UpstreamRequest]> {
  yield ['GenerateAssistantResponse', () => chat(upstream, access)];
  yield ['ListAvailableModels', () => upstream.encodeListModels(access, undefined)];
  yield ['GetUsageLimits', () => upstream.usageLimits.encode(access)];
  yield ['ListAvailableProfiles', () => upstream.profiles.encodeList(access, undefined)];
  yield ['GetProfile', () => upstream.profiles.encodeOwn(access)];
}

/** A wire profile need not have every operation. */
function orUndefined(encode: () => UpstreamRequest): UpstreamRequest | undefined {
  try {
    return encode();
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code === 'feature_not_supported') return undefined;
    throw cause;
  }
}

/** A turn in the middle of a session, with everything that a conversation can have. */
const SESSION: JsonObject = {
  model: 'claude-sonnet-4.5',
  max_tokens: 1_024,
  system: 'Be brief.',
  tools: [
    {
      name: 'read',
      description: 'Reads a file.',
      input_schema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ],
  messages: [
    { role: 'user', content: 'Read a file.' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Reading.' },
        { type: 'tool_use', id: 'tooluse_1', name: 'read', input: { path: 'a' } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'tooluse_1', content: 'text' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'tooluse_2', name: 'read', input: { path: 'b' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'tooluse_2', content: 'text' },
        { type: 'text', text: 'Go on.' },
      ],
    },
  ],
};

function chat(upstream: Upstream, access: Access): UpstreamRequest {
  const parsed = runAtOnce(anthropicMessages.parseRequest(SESSION, { nowMs: 0, header: () => undefined }));
  if (!('conversation' in parsed)) throw new Error('The request is not a chat.');
  const encoded = upstream.encodeChat(parsed.conversation, {
    access,
    model: upstream.resolveModel('claude-sonnet-4.5', { models: [], defaultModelId: undefined }),
    ids: { conversationId: ID, rootConversationId: ID, continuationId: ID },
    invocation: INVOCATION,
    sendEnvironment: false,
    withoutReasoningHistory: false,
    recoverToolCalls: false,
  });
  return runAtOnce(encoded).request;
}

function toOwn(operation: string, { method, url, headers, body }: UpstreamRequest, profile: string): OwnRequest {
  const { pathname, searchParams } = new URL(url);
  return {
    operation: headers['x-amz-target']?.split('.')[1] ?? operation,
    profile,
    method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.entries(headers),
    body: body?.toString() ?? '',
  };
}
