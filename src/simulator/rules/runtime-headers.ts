/**
 * Headers of KiroRuntimeService and of the control plane beside it, as Kiro's own clients send them.
 * Source: captures of Kiro IDE and `kiro-cli chat --v3`, August to October 2026.
 */
import { type Call, headerOf } from '../call.ts';
import { IMPROPERLY_FORMED, Refused } from '../refusal.ts';

interface HeaderRule {
  readonly id: string;
  readonly says: string;
  /** Sent by every official client, without evidence that the service requires it. */
  readonly strictOnly?: true;
  /** The invalid header, or undefined if there is none. */
  readonly broken: (call: Call) => string | undefined;
}

/** Required headers and their exact form. */
const REQUIRED: Readonly<Record<string, RegExp>> = {
  'x-amzn-codewhisperer-optout': /^(?:true|false)$/,
  'amz-sdk-invocation-id': /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/,
  'amz-sdk-request': /^attempt=\d+; max=\d+$/,
  'x-kiro-attempt': /^\d+;max=\d+$/,
};

const RUNTIME_HEADER_RULES: readonly HeaderRule[] = [
  {
    id: 'runtime-content-type',
    says: 'The content type is application/x-amz-json-1.0.',
    broken: (call) => (isJson10(call) ? undefined : 'content-type'),
  },
  {
    id: 'runtime-profile-header',
    says: 'The profile ARN stands in the body, never in a header.',
    broken: (call) => present(call, 'x-amzn-kiro-profile-arn'),
  },
  {
    id: 'runtime-accept',
    says: 'The accept and accept-encoding headers are absent.',
    strictOnly: true,
    broken: (call) => present(call, 'accept') ?? present(call, 'accept-encoding'),
  },
  {
    id: 'runtime-client-headers',
    says: 'The opt-out, the invocation id and both counters of attempts are sent.',
    strictOnly: true,
    broken: (call) => Object.keys(REQUIRED).find((name) => !REQUIRED[name]?.test(headerOf(call, name) ?? '')),
  },
  {
    id: 'runtime-attribution',
    says: 'A chat says x-amzn-kiro-client-attribution: unrecognized.',
    strictOnly: true,
    broken: (call) =>
      call.operation !== 'GenerateAssistantResponse' ||
      headerOf(call, 'x-amzn-kiro-client-attribution') === 'unrecognized'
        ? undefined
        : 'x-amzn-kiro-client-attribution',
  },
];

/** Throws Refused for the first violated rule. */
export function checkRuntimeHeaders(call: Call, strict: boolean): void {
  for (const { id, strictOnly, broken } of RUNTIME_HEADER_RULES) {
    if (strictOnly && !strict) continue;
    const header = broken(call);
    if (header !== undefined) throw new Refused(IMPROPERLY_FORMED, id, header);
  }
}

/** The control plane of kiro.dev accepts only JSON 1.0. Throws Refused. */
export function checkKiroJson(call: Call): void {
  if (call.service === 'KiroControlPlaneBearerService' && !isJson10(call))
    throw new Refused(IMPROPERLY_FORMED, 'runtime-content-type', 'content-type');
}

function isJson10(call: Call): boolean {
  return headerOf(call, 'content-type') === 'application/x-amz-json-1.0';
}

function present(call: Call, name: string): string | undefined {
  return headerOf(call, name) === undefined ? undefined : name;
}
