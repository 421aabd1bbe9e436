/**
 * Lists the profiles that an organisation's account may use. Done once, after signing in, and in every region that serves
 * the API, because the region of the sign-in may not be that of the profile.
 */
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Access, Upstream, UpstreamProfile } from '../upstreams/upstream.ts';
import { authorized, explainRefusal, isSuccess, readText } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

const MAX_PAGES = 10;
const MAX_LIST_BYTES = 1024 * 1024;

/** An account that need not be stored yet. */
export interface ProfileOwner extends Pick<Lease, 'access' | 'accessToken' | 'proxy'> {}

export interface ProfilesContext {
  readonly upstream: Pick<Upstream, 'profiles' | 'explainFailure'>;
  readonly send: SendUpstream;
  readonly log: Log;
}

/** Active profiles, each once. Rejects with the service's last refusal if no region listed any. */
export async function listProfiles(
  context: ProfilesContext,
  owner: ProfileOwner,
  signal: AbortSignal,
): Promise<readonly UpstreamProfile[]> {
  const profiles = new Map<string, UpstreamProfile>();
  let listed = false;
  let failure: unknown;
  for (const access of accessesOf(context, owner)) {
    try {
      for (const profile of await listIn(context, { ...owner, access }, signal)) profiles.set(profile.arn, profile);
      listed = true;
    } catch (cause) {
      failure = cause;
      const { code } = GatewayError.from(cause);
      context.log.debug?.({ region: access.region, code }, 'could not list profiles');
    }
  }
  if (!listed) throw failure;
  return [...profiles.values()];
}

/** The ARN of the profile that an API key belongs to, from the first region that knows it; undefined if none does. */
export async function profileOfKey(
  context: ProfilesContext,
  owner: ProfileOwner,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { upstream, send, log } = context;
  for (const access of accessesOf(context, owner)) {
    const request = upstream.profiles.encodeOwn(access);
    const answer = await send(authorized(request, { ...owner, accountId: undefined }), signal);
    if (isSuccess(answer)) {
      const profile = upstream.profiles.decodeOwn(await readText(answer, MAX_LIST_BYTES));
      if (profile) return profile.arn;
    } else {
      const { code } = await explainRefusal(upstream, answer, request);
      log.debug?.({ region: access.region, code }, 'the service returned no profile of the API key');
    }
  }
  return undefined;
}

/** One per region that serves the API. */
function accessesOf({ upstream }: ProfilesContext, { access }: ProfileOwner): readonly Access[] {
  return upstream.profiles.regions(access).map((region) => ({ ...access, region, profileArn: undefined }));
}

async function listIn(
  { upstream, send }: ProfilesContext,
  owner: ProfileOwner,
  signal: AbortSignal,
): Promise<readonly UpstreamProfile[]> {
  const profiles: UpstreamProfile[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = upstream.profiles.encodeList(owner.access, nextToken);
    const answer = await send(authorized(request, { ...owner, accountId: undefined }), signal);
    if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, request);
    const decoded = upstream.profiles.decodeList(await readText(answer, MAX_LIST_BYTES));
    profiles.push(...decoded.profiles);
    nextToken = decoded.nextToken;
    if (nextToken === undefined) break;
  }
  return profiles;
}
