/**
 * The service's own streaming operation, for programs that build its requests and read its events themselves. Wire
 * profiles, proxies and errors are those of the gateway; accounts, retries and request fixes are up to the caller.
 */
import { randomUUID } from 'node:crypto';
import type { CredentialKind } from '../accounts/credentials.ts';
import { loadWireProfiles } from '../compose-profiles.ts';
import { composeTransport } from '../compose-tokens.ts';
import { loadSettings } from '../config.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { explainRefusal, isSuccess } from '../gateway/context.ts';
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { operationRequest, profileArnFor } from '../upstreams/codewhisperer/operations.ts';
import { type ServiceEvent, ServiceEventDecoder } from '../upstreams/codewhisperer/service-events.ts';
import type { GenerateAssistantResponseRequest } from '../upstreams/codewhisperer/wire.ts';

/** The bearer token for one request: an AWS SSO access token, or a Kiro API key. */
export type TokenProvider = () => Promise<string> | string;

export interface CodeWhispererClientConfig {
  /** Called before every request, so it should return a token that is still valid. */
  readonly tokenProvider: TokenProvider;
  /** URL of the service. Default: `DRAGOMAN_UPSTREAM_URL`, or the host of the wire profile in `region`. */
  readonly endpoint?: string;
  /** Region of the API. Default: `us-east-1`. */
  readonly region?: string;
  /** Sent if the wire profile uses one. Default: the vendor's ARN for Builder IDs and Kiro accounts. */
  readonly profileArn?: string;
  /** The kind of account, which decides the wire profile. Default: `builder-id`. */
  readonly kind?: Exclude<CredentialKind, 'iam'>;
  /** Where settings come from, proxies among them. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface RequestOptions {
  /** Aborting it cancels the request and ends the iteration. */
  readonly signal?: AbortSignal;
}

/** A complete reply. */
export interface AssistantResponse {
  readonly content: string;
  /** Complete calls, in the order they ended. */
  readonly toolUses: readonly { readonly tool_use_id: string; readonly name: string; readonly input: JsonValue }[];
  readonly conversationId: string | undefined;
  readonly utteranceId: string | undefined;
}

export class CodeWhispererClient {
  readonly #config: CodeWhispererClientConfig;

  constructor(config: CodeWhispererClientConfig) {
    this.#config = config;
  }

  /**
   * The events of the reply as they arrive, under the service's own names. The request is sent unchanged, plus a
   * profile ARN if the wire profile needs one. Throws GatewayError if the service rejects the request or the reply
   * breaks off. Leaving the loop closes the connection.
   */
  async *generateAssistantResponse(
    request: GenerateAssistantResponseRequest,
    { signal = NEVER }: RequestOptions = {},
  ): AsyncGenerator<ServiceEvent, void> {
    const { tokenProvider, env = process.env } = this.#config;
    const { settings } = loadSettings(env);
    const wireProfiles = await loadWireProfiles(settings);
    const { kind = 'builder-id', region = 'us-east-1', endpoint = settings.upstreamUrl } = this.#config;
    const [wireProfile] = wireProfiles.orderFor(kind, settings.wireProfile);
    const known = { region, wireProfile, baseUrl: endpoint?.replace(/\/+$/, ''), kind };
    const requested = { ...known, profileArn: request.profileArn ?? this.#config.profileArn };
    const profileArn = profileArnFor(wireProfiles.get(wireProfile), OPERATION, requested);
    const access = { ...known, profileArn };
    const body = JSON.stringify({ ...request, ...(profileArn === undefined ? {} : { profileArn }) });
    const invocation = { id: randomUUID(), attempt: 1 };
    const encoded = operationRequest(OPERATION, body, access, { profiles: wireProfiles, invocation });
    const headers = { ...encoded.headers, authorization: `Bearer ${await tokenProvider()}` };
    const transport = composeTransport(settings);
    try {
      const answer = await transport.send({ ...encoded, headers }, signal);
      if (!isSuccess(answer)) throw await explainRefusal({ explainFailure }, answer, encoded);
      const decoder = new ServiceEventDecoder();
      for await (const bytes of answer.body) yield* decoder.push(bytes);
      decoder.end();
    } finally {
      await transport.close();
    }
  }

  /**
   * As generateAssistantResponse, but complete. Throws `tool_use_truncated` if arguments of a tool call are not JSON.
   */
  async generateAssistantResponseNonStreaming(
    request: GenerateAssistantResponseRequest,
    options: RequestOptions = {},
  ): Promise<AssistantResponse> {
    let content = '';
    let ids: { conversationId?: string; utteranceId?: string } = {};
    const toolUses: AssistantResponse['toolUses'][number][] = [];
    const open = new Map<string, { readonly name: string; input: string }>();
    for await (const event of this.generateAssistantResponse(request, options)) {
      if ('assistantResponseEvent' in event) content += event.assistantResponseEvent.content;
      if ('codeEvent' in event) content += event.codeEvent.content;
      if ('messageMetadataEvent' in event) ids = event.messageMetadataEvent;
      if ('invalidStateEvent' in event) throw invalidState(event.invalidStateEvent);
      if (!('toolUseEvent' in event)) continue;
      const { toolUseId, name, input = '', stop } = event.toolUseEvent;
      const call = open.get(toolUseId) ?? { name, input: '' };
      call.input += typeof input === 'string' ? input : JSON.stringify(input);
      open.set(toolUseId, call);
      if (stop === true) toolUses.push(toToolUse(toolUseId, call, open));
    }
    // A call without arguments may come without `stop`.
    for (const [toolUseId, call] of open) toolUses.push(toToolUse(toolUseId, call, open));
    return { content, toolUses, conversationId: ids.conversationId, utteranceId: ids.utteranceId };
  }
}

const OPERATION = 'GenerateAssistantResponse';
const NEVER = new AbortController().signal;

function toToolUse(
  id: string,
  { name, input }: { readonly name: string; readonly input: string },
  open: Map<string, unknown>,
): AssistantResponse['toolUses'][number] {
  open.delete(id);
  try {
    const parsed: JsonValue = input === '' ? {} : JSON.parse(input);
    return { tool_use_id: id, name, input: parsed };
  } catch (cause) {
    const message = `The arguments of the call to ${name} are not valid JSON. Send the request again.`;
    throw new GatewayError('tool_use_truncated', message, { cause });
  }
}

function invalidState({ reason, message }: { readonly reason: string; readonly message: string }): GatewayError {
  return new GatewayError('upstream_broken', `The service reports an invalid state: ${reason}. ${message}`);
}
