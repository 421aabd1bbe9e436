/** A client of KiroRuntimeService and the JSON control plane: plain HTTP, with the headers and bodies of Kiro's clients. */
import { request as httpRequest } from 'node:http';
import { DEFAULT, simulator } from './simulator-client.ts';

export type Json = Record<string, unknown>;
export type Headers = Record<string, string | undefined>;

export const CHAT = 'KiroRuntimeService.GenerateAssistantResponse';
export const CONTROL = 'KiroControlPlaneBearerService';
export const ID = '0b8c3f4e-1111-4222-8333-444455556666';
const SESSION = `sess_${ID}`;
export const BUILDER_ID_ARN = 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX';
export const USER_AGENT =
  'aws-sdk-js/1.0.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#24.1.0 api/kiroruntime#1.0.0 m/N example/1.2.3';

const HEADERS: Headers = {
  ...DEFAULT,
  'content-type': 'application/x-amz-json-1.0',
  'user-agent': USER_AGENT,
  'x-amzn-codewhisperer-optout': 'true',
  'x-amzn-kiro-client-attribution': 'unrecognized',
  'amz-sdk-invocation-id': ID,
  'amz-sdk-request': 'attempt=1; max=3',
  'x-kiro-attempt': '1;max=3',
};

/** A tool round in the middle of a session; `change` may break any part of it. */
export function chatOf(
  change: (parts: { body: Json; state: Json; current: Json; history: Json[] }) => unknown = () => {},
) {
  const json = { type: 'object', properties: { path: { type: 'string' } } };
  const tools = [{ toolSpecification: { name: 'look', description: 'Looks.', inputSchema: { json } } }];
  const toolResults = [{ toolUseId: 't1', content: [{ text: 'ok' }], status: 'success' }];
  const current: Json = { content: '', origin: 'AI_EDITOR', userInputMessageContext: { toolResults, tools } };
  const history: Json[] = [
    { userInputMessage: { content: 'Look around.', origin: 'AI_EDITOR' } },
    { assistantResponseMessage: { content: '', toolUses: [{ toolUseId: 't1', name: 'look', input: {} }] } },
  ];
  const state: Json = {
    conversationId: SESSION,
    rootConversationId: SESSION,
    agentContinuationId: ID,
    agentTaskType: 'vibe',
    chatTriggerType: 'MANUAL',
    history,
    currentMessage: { userInputMessage: current },
  };
  const body: Json = { conversationState: state, profileArn: BUILDER_ID_ARN, agentMode: 'vibe' };
  change({ body, state, current, history });
  return body;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly json: () => Json;
}

/** fetch would add its own `accept` and `accept-encoding`. */
export function post(target: string, body: object, headers: Headers = {}, path = '/'): Promise<Answer> {
  const all = { ...HEADERS, 'x-amz-target': target, ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const request = httpRequest(simulator.url + path, { method: 'POST', headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, bytes, json: () => JSON.parse(bytes.toString()) });
        });
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** The rule that refused the latest request. */
export const refusedBy = () => simulator.requests.at(-1)?.refusedBy?.rule;
