/**
 * One request's way through the wire profiles of its accounts: when the service may have refused the way it is spoken
 * to, the same account is asked once more under its next profile.
 */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';

type Walking = Pick<GatewayContext, 'upstream' | 'wireProfiles' | 'log'>;
type Refused = Pick<Lease, 'accountId' | 'access' | 'hasFixedToken'>;

export class WireProfileWalk {
  readonly #context: Walking;
  /** By account: the profiles that were refused, and what the first of them was told. */
  readonly #tried = new Map<string, { readonly ids: Set<string>; readonly refusal: GatewayError }>();

  constructor(context: Walking) {
    this.#context = context;
  }

  /** True: the account has another profile now. A token that can be renewed is renewed first. */
  moveOn(error: GatewayError, lease: Refused | undefined): boolean {
    const { wireProfiles, log } = this.#context;
    if (!lease || !wireProfiles || !this.#isAboutProfile(error)) return false;
    if (error.code === 'token_rejected' && lease.hasFixedToken !== true) return false;
    const { accountId, access } = lease;
    const tried = this.#tried.get(accountId) ?? { ids: new Set(), refusal: error };
    this.#tried.set(accountId, tried);
    tried.ids.add(access.wireProfile);
    const next = wireProfiles.moveOn({ id: accountId, kind: access.kind }, access.wireProfile);
    if (next === undefined || tried.ids.has(next)) return false;
    const { code, message, upstream } = error;
    const fields = { accountId, code, message, upstream, from: access.wireProfile, to: next };
    log.info(fields, 'the service refused the wire profile; trying the next one');
    return true;
  }

  /**
   * The same for what surrounds a chat (models, completions), where only a missing host or operation counts: other
   * refusals may be about that operation alone, and chats are served all the same.
   */
  moveOnIfAbsent(error: GatewayError, lease: Refused | undefined): boolean {
    return IS_ABSENT.has(error.code) && this.moveOn(error, lease);
  }

  /** When no profile is left, what the usual one was told counts: the others are guesses. */
  usualRefusal(error: GatewayError, lease: Refused | undefined): GatewayError {
    const tried = lease && this.#tried.get(lease.accountId);
    return tried && this.#isAboutProfile(error) ? tried.refusal : error;
  }

  #isAboutProfile(error: GatewayError): boolean {
    return this.#context.upstream.suggestsOtherWireProfile?.(error) === true;
  }
}

const IS_ABSENT: ReadonlySet<ErrorCode> = new Set(['upstream_not_found', 'upstream_broken']);

/** To the pool, a refused form is not the account's own failure: it is about to be used in another way. */
export function refusedForm({ message, upstream, cause }: GatewayError): GatewayError {
  return new GatewayError('upstream_refused', message, { upstream, cause });
}
