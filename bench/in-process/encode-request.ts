/** Everything between a request's last byte from the client and its first one to the service, except choosing the account. */
import { runAtOnce } from '../../src/core/steps.ts';
import type { ClientProtocol, RequestContext } from '../../src/protocols/protocol.ts';
import { codewhisperer } from '../../src/upstreams/codewhisperer/index.ts';
import type { Access } from '../../src/upstreams/upstream.ts';

const ACCESS: Access = {
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  kind: 'builder-id',
};
export const CONTEXT: RequestContext = { header: () => undefined, nowMs: 0 };
const ID = '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a11';
const IDS = { conversationId: ID, rootConversationId: ID, continuationId: ID };

/** Returns the number of bytes for the service. */
export function encodeRequest(protocol: ClientProtocol, body: string): number {
  const request = runAtOnce(protocol.parseRequest(JSON.parse(body), CONTEXT));
  if (!('conversation' in request)) throw new Error(`${protocol.id} read no conversation in the request.`);
  const { conversation } = request;
  const model = codewhisperer.resolveModel(conversation.model, { models: [], defaultModelId: undefined });
  const encoded = runAtOnce(
    codewhisperer.encodeChat(conversation, {
      access: ACCESS,
      model,
      ids: IDS,
      invocation: { id: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a12', attempt: 1 },
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    }),
  );
  return encoded.request.body?.length ?? 0;
}
