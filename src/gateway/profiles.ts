/**
 * Which profile an organisation's account works under. Asked once, after signing in: in every region which serves the
 * API, because the sign-in's own region says nothing about where the profile lives.
 */
import { PROFILE_ARN_PATTERN } from '../accounts/credentials/patterns.ts';
import type { Profile } from '../accounts/sign-in/adopt.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { encodeGetProfile, encodeListProfiles } from '../upstreams/codewhisperer/operations.ts';
import type { WireProfiles } from '../upstreams/codewhisperer/profiles.ts';
import type { Access } from '../upstreams/upstream.ts';
import { explainRefusal, isSuccess, readText } from './context.ts';
import type { SendUpstream } from './ports.ts';

const MAX_PAGES = 10;
const MAX_LIST_BYTES = 1024 * 1024;

export interface ProfileQuestion {
  readonly access: Access;
  readonly accessToken: string;
  /** Of the account; undefined: as the settings say. */
  readonly proxy: string | undefined;
  readonly send: SendUpstream;
  readonly wireProfiles: WireProfiles;
  readonly log: Log;
}

/** Active profiles, each once. Rejects with what the service said when no region gave a list. */
export async function listProfiles(question: ProfileQuestion, signal: AbortSignal): Promise<readonly Profile[]> {
  const { access } = question;
  const profiles = new Map<string, Profile>();
  let listed = false;
  let failure: unknown;
  for (const region of question.wireProfiles.get(access.wireProfile).regions) {
    try {
      for (const profile of await listIn(question, { ...access, region, profileArn: undefined }, signal))
        profiles.set(profile.arn, profile);
      listed = true;
    } catch (cause) {
      failure = cause;
      question.log.debug({ region, code: GatewayError.from(cause).code }, 'profiles could not be listed');
    }
  }
  if (!listed) throw failure;
  return [...profiles.values()];
}

/** The ARN of the profile that an API key belongs to: whichever region knows it. undefined: neither does. */
export async function profileOfKey(question: ProfileQuestion, signal: AbortSignal): Promise<string | undefined> {
  const { access, wireProfiles, send, accessToken, proxy, log } = question;
  for (const region of wireProfiles.get(access.wireProfile).regions) {
    const request = encodeGetProfile({ ...access, region, profileArn: undefined }, wireProfiles);
    const headers = { ...request.headers, authorization: `Bearer ${accessToken}` };
    const answer = await send({ ...request, headers, proxy }, signal);
    if (isSuccess(answer)) {
      const { profile } = parse(await readText(answer, MAX_LIST_BYTES));
      const [found] = toProfile(profile);
      if (found) return found.arn;
    } else {
      const { code } = await explainRefusal({ explainFailure }, answer, request);
      log.debug({ region, code }, 'the service told no profile of the API key');
    }
  }
  return undefined;
}

async function listIn(
  { send, accessToken, proxy, wireProfiles }: ProfileQuestion,
  access: Access,
  signal: AbortSignal,
): Promise<Profile[]> {
  const profiles: Profile[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = encodeListProfiles(access, nextToken, wireProfiles);
    const headers = { ...request.headers, authorization: `Bearer ${accessToken}` };
    const answer = await send({ ...request, headers, proxy }, signal);
    if (!isSuccess(answer)) throw await explainRefusal({ explainFailure }, answer, request);
    const body = parse(await readText(answer, MAX_LIST_BYTES));
    if (Array.isArray(body.profiles)) profiles.push(...body.profiles.flatMap(toProfile));
    nextToken = typeof body.nextToken === 'string' && body.nextToken !== '' ? body.nextToken : undefined;
    if (nextToken === undefined) break;
  }
  return profiles;
}

function toProfile(entry: unknown): Profile[] {
  if (!isJsonObject(entry)) return [];
  const { arn, profileName, status } = entry;
  if (
    typeof arn !== 'string' ||
    !PROFILE_ARN_PATTERN.test(arn) ||
    (status !== undefined && status !== null && status !== 'ACTIVE')
  )
    return [];
  return [{ arn, name: typeof profileName === 'string' ? profileName : arn }];
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    throw new GatewayError('upstream_broken', 'The service answered the request for profiles with something else.');
  }
}
