/** Everything between a request's last byte from the client and its first one to the service, except choosing the account. */

import { setImmediate } from 'node:timers/promises';
import { runAtOnce } from '../../src/core/steps.ts';
import { conversationIdsOf } from '../../src/gateway/affinity.ts';
import { parseBody } from '../../src/http/body.ts';
import type { KnownBodies } from '../../src/http/known-bodies.ts';
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
const CATALOGUE = { models: [], defaultModelId: undefined };

/**
 * Begins in a new turn of the event loop, in which there is nothing else to do, and calls `begin` then. Returns the number
 * of bytes for the service.
 */
export async function encodeBody(
  protocol: ClientProtocol,
  body: Buffer,
  known: KnownBodies,
  begin: () => void,
): Promise<number> {
  await setImmediate();
  begin();
  return encodeRequest(protocol, await parseBody(body, known));
}

/** From a parsed body. Returns the number of bytes for the service. */
export function encodeRequest(protocol: ClientProtocol, json: unknown): number {
  const request = runAtOnce(protocol.parseRequest(json, CONTEXT));
  if (!('conversation' in request)) throw new Error(`${protocol.id} read no conversation in the request.`);
  const { conversation } = request;
  const ids = runAtOnce(conversationIdsOf('client', conversation));
  const model = codewhisperer.resolveModel(conversation.model, CATALOGUE);
  const encoded = runAtOnce(
    codewhisperer.encodeChat(conversation, {
      access: ACCESS,
      model,
      ids,
      invocation: { id: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a12', attempt: 1 },
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    }),
  );
  return encoded.request.body?.length ?? 0;
}
