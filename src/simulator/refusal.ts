/**
 * The service's error responses, in both forms. REST names the error in the header x-amzn-errortype, JSON 1.0 in the body's
 * `__type`; the message comes before the reason, which may be null.
 * Source: the error traits of @aws/codewhisperer-streaming-client.
 */
import type { JsonObject } from '../core/json.ts';
import type { Refusal } from './script.ts';

export type Flavour = 'rest' | 'json';

/** Thrown by the handlers; the server writes the response. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;
  /** The reason, for the log and the recorded request; never sent. */
  readonly rule: string;
  readonly detail: string;

  constructor(refusal: Refusal, rule: string, detail = '') {
    super(refusal.message ?? refusal.name ?? `status ${refusal.status}`);
    this.refusal = refusal;
    this.rule = rule;
    this.detail = detail;
  }
}

export function validation(message: string, reason: string | null = null): Refusal {
  return { status: 400, name: 'ValidationException', message, reason };
}

export function accessDenied(message: string, reason: string | null = null): Refusal {
  return { status: 403, name: 'AccessDeniedException', message, reason };
}

export const IMPROPERLY_FORMED: Refusal = validation('Improperly formed request.');

interface RefusedCall {
  readonly flavour: Flavour;
  readonly service: string;
}

export interface WrittenRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `service`: the first half of `x-amz-target`, empty in REST. */
export function writeRefusal(refusal: Refusal, { flavour, service }: RefusedCall): WrittenRefusal {
  const { status, name, message, reason, retryAfterS, members } = refusal;
  const headers: Record<string, string> = {};
  if (retryAfterS !== undefined) headers['retry-after'] = String(retryAfterS);
  if (name === undefined) return { status, headers, body: message ?? '' };
  const body: JsonObject = {
    ...(flavour === 'json' ? { __type: `${namespaceOf(name, service)}#${name}` } : {}),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...members,
  };
  headers['content-type'] = flavour === 'json' ? 'application/x-amz-json-1.0' : 'application/json';
  if (flavour === 'rest') headers['x-amzn-errortype'] = name;
  return { status, headers, body: JSON.stringify(body) };
}

/** The framework rejects unknown operations before the service sees them. */
function namespaceOf(name: string, service: string): string {
  if (name === 'UnknownOperationException') return 'com.amazon.coral.service';
  return service === 'KiroRuntimeService' ? 'com.amazon.kiro.runtimeservice' : 'com.amazon.aws.codewhisperer';
}
