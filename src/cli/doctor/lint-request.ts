/** Checks a captured request against the rules of the service without sending it: what is mended, and what is refused. */
import type { Account } from '../../accounts/ports.ts';
import type { Adjustment } from '../../core/adjustments.ts';
import { GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { fitAttachments } from '../../gateway/media/attachments.ts';
import { mapAttachments } from '../../gateway/media/parts.ts';
import { mediaAdjustment } from '../../gateway/media/rules.ts';
import type { MediaTools } from '../../gateway/ports.ts';
import type { ParsedCompletion, ParsedRequest } from '../../protocols/protocol.ts';
import { examineChat } from '../../upstreams/codewhisperer/encode.ts';
import { mediaLimits } from '../../upstreams/codewhisperer/media-limits.ts';
import type { WireProfiles } from '../../upstreams/codewhisperer/profiles.ts';
import { resolveModel } from '../../upstreams/codewhisperer/resolve-model.ts';
import type { Access, MediaLimits } from '../../upstreams/upstream.ts';
import type { CapturedRequest } from './read-request.ts';

export interface RequestFinding {
  readonly status: 'mended' | 'refused';
  readonly rule: string;
  /** In the client's request; null if it is not known. */
  readonly path: string | null;
  readonly detail: string;
  readonly remedy: string | null;
}

export interface LintedRequest {
  /** undefined: it cannot be read, which a finding says. */
  readonly request: ParsedRequest | ParsedCompletion | undefined;
  readonly findings: readonly RequestFinding[];
}

export type LintTools = Pick<MediaTools, 'fitImage' | 'readDocument'>;

/** `access`: of the account that the request would use. Addresses in the request are not fetched. */
export async function lintRequest(
  { protocol, body }: CapturedRequest,
  access: Access,
  profiles: WireProfiles,
  tools: LintTools,
): Promise<LintedRequest> {
  let request: ParsedRequest | ParsedCompletion | undefined;
  try {
    request = runAtOnce(protocol.parseRequest(body, { header: () => undefined, nowMs: 0 }));
    if ('completion' in request) return { request, findings: request.adjustments.map(mended) };
    const model = resolveModel(request.conversation.model, NO_MODELS);
    const { conversation, adjustments } = await prepared(request, mediaLimits(access, model, profiles), tools);
    const context = {
      access,
      model,
      ids: NO_IDS,
      invocation: { id: NO_ID, attempt: 1 },
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    };
    const examined = runAtOnce(examineChat(conversation, context, profiles));
    const violations = examined.violations.map(({ rule, message, param }) => refusal(rule, message, param));
    return { request, findings: [...violations, ...[...adjustments, ...examined.adjustments].map(mended)] };
  } catch (cause) {
    const { code, message, rule, param } = GatewayError.from(cause);
    return { request, findings: [refusal(rule ?? code, message, param)] };
  }
}

/** As a request is prepared before it is encoded, with a text in place of each file that would be fetched. */
async function prepared(
  { conversation, adjustments }: ParsedRequest,
  limits: MediaLimits,
  tools: LintTools,
): Promise<Pick<ParsedRequest, 'conversation' | 'adjustments'>> {
  const fetched: Adjustment[] = [];
  const local = await mapAttachments(conversation, async (part) => {
    if (part.type !== 'document' || part.source.type !== 'url') return part;
    fetched.push(mediaAdjustment('attachment-fetched', part.source.at, 'URL', 'not fetched for this check'));
    return { type: 'text', at: part.at, text: '[A file.]' };
  });
  const fitted = await fitAttachments(local, limits, tools, new AbortController().signal);
  return { conversation: fitted.conversation, adjustments: [...adjustments, ...fetched, ...fitted.adjustments] };
}

/** Nothing is asked of the service, so no model is known. */
const NO_MODELS = { models: [], defaultModelId: undefined };
const NO_ID = '00000000-0000-4000-8000-000000000000';
const NO_IDS = { conversationId: NO_ID, rootConversationId: NO_ID, continuationId: NO_ID };

const DEFAULT_KIND = 'builder-id';
/** Of the form that the service accepts, for accounts without one: the check needs some ARN. */
const ANY_ARN = 'arn:aws:codewhisperer:us-east-1:000000000000:profile/AAAAAAAAAAAA';

export function accessFor(account: Account | undefined, profiles: WireProfiles, named: string | undefined): Access {
  const { kind, region } = account?.credential ?? { kind: DEFAULT_KIND, region: 'us-east-1' };
  const wireProfile = account?.learned.wireProfile?.id ?? profiles.orderFor(kind, named)[0];
  const readings = account?.learned.readings?.[wireProfile]?.readings;
  return { kind, region, wireProfile, baseUrl: undefined, profileArn: ANY_ARN, readings };
}

function mended({ rule, path, before, after }: ParsedRequest['adjustments'][number]): RequestFinding {
  const change = [before, after].filter((text) => text !== undefined && text !== '').join(' → ');
  return { status: 'mended', rule, path: path || null, detail: change || 'changed', remedy: null };
}

/** A message ends with what to do, and names its rule where a client sees it. */
function refusal(rule: string, message: string, param: string | undefined): RequestFinding {
  const sentences = message.replace(` (rule ${rule})`, '').split(/(?<=[.!?]) (?=[A-Z])/);
  const remedy = sentences.length > 1 ? sentences.at(-1) : undefined;
  const detail = remedy === undefined ? message : sentences.slice(0, -1).join(' ');
  return { status: 'refused', rule, path: param ?? null, detail, remedy: remedy ?? null };
}
