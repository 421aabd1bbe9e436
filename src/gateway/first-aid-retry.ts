/** Sends a request once more, encoded more cautiously, after the service has refused it without a reason. */
import type { GatewayError } from '../core/errors.ts';
import type { FirstAid, UpstreamRequest } from '../upstreams/upstream.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';

type Body = UpstreamRequest['body'];

export class FirstAidRetry {
  readonly #context: Pick<GatewayContext, 'upstream' | 'firstAid' | 'log'>;
  readonly #isAllowed: boolean;
  #sent: Body = undefined;
  #refused: { readonly error: GatewayError; readonly body: Body } | undefined = undefined;

  /** `isAllowed`: by the request; the setting may still forbid it. */
  constructor(context: Pick<GatewayContext, 'upstream' | 'firstAid' | 'log'>, isAllowed: boolean) {
    this.#context = context;
    this.#isAllowed = isAllowed && context.firstAid === true;
  }

  /** True once, and only for a refusal without a reason: the next attempt is more cautious. */
  begin(error: GatewayError, lease: Lease | undefined, requestId: string): boolean {
    if (!this.#isAllowed || this.#refused || !lease) return false;
    const { upstream, log } = this.#context;
    const aid = upstream.firstAid?.(error, lease.access);
    if (!aid) return false;
    this.#refused = { error, body: this.#sent };
    const fields = { requestId, accountId: lease.accountId, upstream: error.upstream, readings: aid.adjustment.after };
    log.warn(fields, 'the service refused the request without a reason; trying once more under the safest readings');
    return true;
  }

  /** undefined: the request is encoded as usual. */
  aidFor({ access }: Lease): FirstAid | undefined {
    return this.#refused && this.#context.upstream.firstAid?.(this.#refused.error, access);
  }

  /** Called before a body is sent. Throws the refusal again instead of sending the same bytes. */
  note(body: Body): void {
    const { error, body: refused } = this.#refused ?? {};
    const isSame = Buffer.isBuffer(body) && Buffer.isBuffer(refused) ? body.equals(refused) : body === refused;
    if (error && isSame) throw error;
    this.#sent = body;
  }
}
