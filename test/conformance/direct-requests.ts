/**
 * Client requests of all APIs, encoded for any wire profile and checked by the strict simulator's own rules, without
 * sockets: for properties over very many requests.
 */
import { GatewayError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RuleReadings } from '../../src/core/learned-facts.ts';
import { runAtOnce } from '../../src/core/steps.ts';
import { anthropicMessages, openaiChat, openaiCompletions, openaiResponses } from '../../src/protocols/index.ts';
import type { ClientProtocol, ParsedCompletion, ParsedRequest } from '../../src/protocols/protocol.ts';
import { DEFAULT_MODELS, listedModel } from '../../src/simulator/catalogue.ts';
import { checkCompletion } from '../../src/simulator/completions.ts';
import { Refused } from '../../src/simulator/refusal.ts';
import { checkBody, checkChat } from '../../src/simulator/rules/check.ts';
import type { RawChat } from '../../src/simulator/rules/rule.ts';
import { Signatures } from '../../src/simulator/signatures.ts';
import { encodeCompletion } from '../../src/upstreams/codewhisperer/completions.ts';
import { encodeChat } from '../../src/upstreams/codewhisperer/encode.ts';
import { decodeModels } from '../../src/upstreams/codewhisperer/models.ts';
import { SHIPPED_PROFILES } from '../../src/upstreams/codewhisperer/profiles.ts';
import { resolveModel } from '../../src/upstreams/codewhisperer/resolve-model.ts';
import type { EncodedChat } from '../../src/upstreams/upstream.ts';
import { INVOCATION, idsOf } from '../support/codewhisperer.ts';

export type Door = 'chat' | 'responses' | 'messages' | 'completions';

const PROTOCOLS: Readonly<Record<Door, ClientProtocol>> = {
  chat: openaiChat,
  responses: openaiResponses,
  messages: anthropicMessages,
  completions: openaiCompletions,
};

export interface Way {
  readonly wireProfile: string;
  readonly readings: RuleReadings;
}

export type Checked =
  | { readonly type: 'accepted'; readonly parsed: Parsed; readonly encoded: EncodedChat }
  | { readonly type: 'completion' }
  /** By dragoman, naming the client's field. */
  | { readonly type: 'refused'; readonly error: GatewayError }
  /** By the simulator: a rule that dragoman does not know. */
  | { readonly type: 'surprise'; readonly refusal: Refused; readonly body: string };

type Parsed = ParsedRequest<unknown>;

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const { catalogue } = decodeModels(JSON.stringify({ models: DEFAULT_MODELS.map(listedModel) }));
const SIGNATURES = new Signatures('7');

export function check(door: Door, body: JsonObject, way: Way): Checked {
  let sent = '';
  try {
    const parsed = runAtOnce(PROTOCOLS[door].parseRequest(body, { header: () => undefined, nowMs: 0 }));
    if ('completion' in parsed) return checkInline(parsed, way);
    const attempt = (withoutReasoningHistory: boolean): EncodedChat => {
      const encoded = encode(parsed, way, withoutReasoningHistory);
      sent = String(encoded.request.body);
      checkChat(checkBody(rawChat(sent, way), OPTIONS), true);
      return encoded;
    };
    try {
      return { type: 'accepted', parsed, encoded: attempt(false) };
    } catch (cause) {
      // As the gateway: the signatures of these conversations are another vendor's.
      if (!(cause instanceof Refused) || cause.refusal.reason !== 'THINKING_SIGNATURE_INVALID') throw cause;
      return { type: 'accepted', parsed, encoded: attempt(true) };
    }
  } catch (cause) {
    if (cause instanceof Refused) return { type: 'surprise', refusal: cause, body: sent };
    if (cause instanceof GatewayError) return { type: 'refused', error: cause };
    throw cause;
  }
}

const OPTIONS = { strict: true, models: DEFAULT_MODELS, signatures: SIGNATURES };

function encode(
  { conversation }: Parsed,
  { wireProfile, readings }: Way,
  withoutReasoningHistory: boolean,
): EncodedChat {
  const model = resolveModel(conversation.model, catalogue);
  return runAtOnce(
    encodeChat(conversation, {
      access: accessOf(wireProfile, readings),
      model,
      ids: idsOf('0b7c2b6e-5d1c-4d0e-9a3f-3a2f3f1f9e10'),
      invocation: INVOCATION,
      sendEnvironment: true,
      withoutReasoningHistory,
      recoverToolCalls: false,
    }),
  );
}

function accessOf(wireProfile: string, readings: RuleReadings) {
  return { region: 'us-east-1', profileArn: ARN, wireProfile, baseUrl: undefined, kind: 'builder-id', readings };
}

function rawChat(body: string, { wireProfile }: Way): Omit<RawChat, 'body'> {
  const { streaming, operations } = SHIPPED_PROFILES.get(wireProfile);
  const [service = '', operation = ''] = operations.GenerateAssistantResponse.target?.split('.') ?? [];
  return {
    family: service === 'KiroRuntimeService' ? 'kiro' : 'codewhisperer',
    flavour: streaming.flavour,
    operation: operation === 'SendMessage' ? 'SendMessage' : 'GenerateAssistantResponse',
    bytes: Buffer.from(body),
  };
}

function checkInline({ completion }: ParsedCompletion<unknown>, { wireProfile, readings }: Way): Checked {
  const { request } = encodeCompletion(completion, {
    access: accessOf(wireProfile, readings),
    references: 'allow',
    nextToken: undefined,
    invocation: INVOCATION,
  });
  checkCompletion(JSON.parse(String(request.body)));
  return { type: 'completion' };
}
