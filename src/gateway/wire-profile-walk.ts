/**
 * Tries the wire profiles of an account in turn within one request, as long as the service may have refused the profile
 * rather than the account or the request.
 */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';

type Walking = Pick<GatewayContext, 'upstream' | 'wireProfiles' | 'log'>;
type Refused = Pick<Lease, 'accountId' | 'access' | 'hasFixedToken'>;

export class WireProfileWalk {
  readonly #context: Walking;
  readonly #isOperationAboutProfile: (error: GatewayError) => boolean;
  /** For each account, the refused profiles and the first refusal. */
  #tried: Map<string, { readonly ids: Set<string>; readonly refusal: GatewayError }> | undefined = undefined;

  /** `isAboutProfile`: failures that only the operation can attribute to the profile. */
  constructor(context: Walking, isAboutProfile: (error: GatewayError) => boolean = () => false) {
    this.#context = context;
    this.#isOperationAboutProfile = isAboutProfile;
  }

  /** Returns true if the account now has another profile. A token that can be renewed is renewed first. */
  moveOn(error: GatewayError, lease: Refused | undefined): boolean {
    const { wireProfiles, log } = this.#context;
    if (!lease || !wireProfiles || !this.#isAboutProfile(error)) return false;
    if (error.code === 'token_rejected' && lease.hasFixedToken !== true) return false;
    const { accountId, access } = lease;
    // A base URL without the host's name leads every profile to the same host.
    if (access.baseUrl?.includes('{host}') === false && error.upstream === undefined) return false;
    this.#tried ??= new Map();
    const tried = this.#tried.get(accountId) ?? { ids: new Set(), refusal: error };
    this.#tried.set(accountId, tried);
    tried.ids.add(access.wireProfile);
    const next = wireProfiles.moveOn({ id: accountId, kind: access.kind }, access.wireProfile, error);
    if (next === undefined || tried.ids.has(next)) return false;
    const { code, message, upstream } = error;
    const fields = { accountId, code, message, upstream, from: access.wireProfile, to: next };
    log.info(fields, 'the service refused the wire profile; trying the next one');
    return true;
  }

  /**
   * Like `moveOn`, for operations other than chat (models, completions). Only a missing host or operation counts, because
   * other refusals may concern just that operation while chats work.
   */
  moveOnIfAbsent(error: GatewayError, lease: Refused | undefined): boolean {
    return IS_ABSENT.has(error.code) && this.moveOn(error, lease);
  }

  /** Returns the first refusal if no profile is left, because the later profiles were only guesses. */
  firstRefusal(error: GatewayError, lease: Refused | undefined): GatewayError {
    const tried = lease && this.#tried?.get(lease.accountId);
    return tried && this.#isAboutProfile(error) ? tried.refusal : error;
  }

  #isAboutProfile(error: GatewayError): boolean {
    const { upstream } = this.#context;
    return upstream.suggestsOtherWireProfile?.(error) === true || this.#isOperationAboutProfile(error);
  }
}

const IS_ABSENT: ReadonlySet<ErrorCode> = new Set(['upstream_not_found', 'upstream_broken']);

/** The error for the pool: a refused profile is not a failure of the account, which is tried under another one next. */
export function refusedForm({ message, upstream, cause }: GatewayError): GatewayError {
  return new GatewayError('upstream_refused', message, { upstream, cause });
}
