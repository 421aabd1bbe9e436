/** Models, usage, profiles and other operations besides chat. Shapes as in the runtime service's model. */
import type { JsonObject, JsonValue } from '../core/json.ts';
import { authenticate, checkOptionalProfile } from './authentication.ts';
import { type Answer, type Call, headerOf, json, membersOf, textOf } from './call.ts';
import { listedModel } from './catalogue.ts';
import { modelsOf, type SimulatedAccountState } from './identities.ts';
import { usageLimits } from './plan.ts';
import { accessDenied, IMPROPERLY_FORMED, Refused, validation } from './refusal.ts';
import { checkKiroJson } from './rules/runtime-headers.ts';
import type { World } from './world.ts';

export function listAvailableModels(call: Call, world: World): Answer {
  const { accountState, members } = callerOf(call, world);
  const models = modelsOf(accountState, world.models);
  if (textOf(members.origin) === undefined) throw new Refused(IMPROPERLY_FORMED, 'models-origin', 'origin');
  const page = pageOf(models, members, 100);
  const [first] = models;
  return json({
    models: page.items.map(listedModel),
    ...(first ? { defaultModel: { modelId: first.modelId, modelName: first.modelName } } : {}),
    nextToken: page.nextToken,
  });
}

export function getUsageLimits(call: Call, world: World): Answer {
  const { accountState, members } = callerOf(call, world);
  const withEmail = members.isEmailRequired === true || members.isEmailRequired === 'true';
  return json(usageLimits(accountState, world.now(), withEmail));
}

/** Rejects Builder IDs; returns an empty list to an external identity without its header, as reported. */
export function listAvailableProfiles(call: Call, world: World): Answer {
  const bearer = /^Bearer (.+)$/i.exec(headerOf(call, 'authorization') ?? '')?.[1] ?? '';
  const external = world.identities.findByAccessToken(bearer)?.account.kind === 'external-idp';
  if (external && headerOf(call, 'tokentype') === undefined) return json({ profiles: [], nextToken: null });
  const accountState = authenticate(call, world);
  if (accountState.account.kind === 'builder-id')
    throw new Refused(accessDenied('AWS Builder ID is not supported for this operation.'), 'profiles-builder-id');
  const arns = accountState.account.kind === 'api-key' ? [] : profilesIn(accountState, call.region);
  const profiles = arns.map((arn, index) => profileOf(accountState, arn, index));
  const page = pageOf(profiles, membersOf(call), 10);
  return json({ profiles: page.items, nextToken: page.nextToken });
}

export function getProfile(call: Call, world: World): Answer {
  const accountState = authenticate(call, world);
  checkKiroJson(call);
  // Defaults to the caller's own profile, the only way to find the ARN of an API key. Builder IDs have none.
  const arn = textOf(membersOf(call).profileArn) ?? accountState.account.profileArn;
  if (arn === undefined) throw new Refused(IMPROPERLY_FORMED, 'profile-arn', 'profileArn');
  const index = profilesIn(accountState, undefined).indexOf(arn);
  if (index < 0) throw new Refused(accessDenied('User is not authorized to make this call.'), 'profile-foreign', arn);
  return json({ profile: profileOf(accountState, arn, index) });
}

/** Always empty, because the shape of an entry is not published. */
export function listApiKeys(call: Call, world: World): Answer {
  callerOf(call, world);
  return json({ apiKeys: [], nextToken: null });
}

function callerOf(call: Call, world: World): { accountState: SimulatedAccountState; members: JsonObject } {
  const accountState = authenticate(call, world);
  checkKiroJson(call);
  const members = membersOf(call);
  checkOptionalProfile(accountState, textOf(members.profileArn));
  return { accountState, members };
}

/** `nextToken` is the base64 of the next item's index. Throws Refused for an invalid token. */
function pageOf<T>(
  all: readonly T[],
  members: JsonObject,
  mostItems: number,
): { items: readonly T[]; nextToken: string | null } {
  const size = members.maxResults === undefined ? mostItems : Number(members.maxResults);
  const token = textOf(members.nextToken);
  const from = token === undefined ? 0 : Number(Buffer.from(token, 'base64').toString());
  if (!Number.isInteger(size) || size < 1 || size > mostItems || !Number.isInteger(from))
    throw new Refused(validation('Improperly formed request.'), 'paging');
  const to = from + size;
  return { items: all.slice(from, to), nextToken: to < all.length ? Buffer.from(String(to)).toString('base64') : null };
}

/** Each region lists its own profiles, without those of API keys, which GetProfile returns. */
function profilesIn({ account }: SimulatedAccountState, region: string | undefined): readonly string[] {
  const all = [...(account.profileArn === undefined ? [] : [account.profileArn]), ...(account.moreProfiles ?? [])];
  return region === undefined ? all : all.filter((arn) => arn.split(':')[3] === region);
}

function profileOf({ account }: SimulatedAccountState, arn: string, index: number): JsonValue {
  const identityDetails =
    account.kind === 'external-idp'
      ? { externalIdentityDetails: { issuerUrl: 'https://login.example.com', clientId: account.clientId ?? '' } }
      : {
          ssoIdentityDetails: {
            instanceArn: 'arn:aws:sso:::instance/ssoins-simulator',
            oidcClientId: account.clientId ?? '',
            ssoRegion: account.region ?? 'us-east-1',
          },
        };
  return {
    arn,
    profileName: `KiroProfile-${arn.split(':')[3]}${index === 0 ? '' : `-${index + 1}`}`,
    profileType: 'KIRO',
    status: 'ACTIVE',
    identityDetails,
  };
}
