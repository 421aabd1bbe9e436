/** Where to sign in: the request, and the checked place. */
import { GatewayError } from '../../core/errors.ts';
import { BUILDER_ID_START_URL, checkedProfileArn, checkedRegion, checkedStartUrl } from '../credentials/patterns.ts';
import { checkedProxy } from '../proxy.ts';

const SOCIAL_PROVIDERS = ['google', 'github'] as const;
export type SocialProvider = (typeof SOCIAL_PROVIDERS)[number];

export interface SignInRequest {
  /** Start URL of an organisation's Identity Center; without it: Builder ID. */
  readonly startUrl?: string | undefined;
  /** Region of the sign-in; the API's region comes from the profile. */
  readonly region?: string | undefined;
  /** Sign in at Kiro instead of AWS. */
  readonly social?: SocialProvider | undefined;
  /** Without it, the service is asked for the account's profiles. */
  readonly profileArn?: string | undefined;
  readonly label?: string | undefined;
  /** False: the account is stored, but serves no request until it is enabled. */
  readonly enabled?: boolean | undefined;
  /** Used for the sign-in and for all later requests of the account. */
  readonly proxy?: string | undefined;
  /** The account whose credential this sign-in replaces. */
  readonly accountId?: string | undefined;
}

export type SignInPlace =
  | { readonly type: 'aws'; readonly startUrl: string; readonly region: string }
  | { readonly type: 'kiro'; readonly provider: SocialProvider };

/** Throws `invalid_request` with the field. Sends no request. */
export function placeOf(request: SignInRequest, defaultRegion: string): SignInPlace {
  const { startUrl, region, social, profileArn, proxy } = request;
  if (profileArn !== undefined) checkedProfileArn(profileArn);
  if (proxy !== undefined) checkedProxy(proxy);
  if (social === undefined) {
    return {
      type: 'aws',
      startUrl: startUrl === undefined ? BUILDER_ID_START_URL : checkedStartUrl(startUrl),
      region: checkedRegion(region ?? defaultRegion),
    };
  }
  if (!SOCIAL_PROVIDERS.includes(social)) {
    const message = `${JSON.stringify(social)} is not a Kiro sign-in provider. Use google or github.`;
    throw new GatewayError('invalid_request', message, { param: 'social' });
  }
  if (startUrl === undefined && region === undefined) return { type: 'kiro', provider: social };
  const message =
    'Start URL and region apply to AWS sign-ins only. Leave them out when you sign in with Google or GitHub.';
  throw new GatewayError('invalid_request', message, { param: startUrl === undefined ? 'region' : 'start_url' });
}
