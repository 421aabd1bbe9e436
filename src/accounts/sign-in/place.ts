/** Where somebody signs in, as they ask for it and as it is checked. */
import { GatewayError } from '../../core/errors.ts';
import { BUILDER_ID_START_URL, checkedProfileArn, checkedRegion, checkedStartUrl } from '../credentials/patterns.ts';
import { checkedProxy } from '../proxy.ts';

const SOCIAL_PROVIDERS = ['google', 'github'] as const;
export type SocialProvider = (typeof SOCIAL_PROVIDERS)[number];

export interface SignInRequest {
  /** Of an organisation's Identity Center; Builder ID without one. */
  readonly startUrl?: string | undefined;
  /** Of the sign-in; the API's follows from the profile. */
  readonly region?: string | undefined;
  /** At Kiro, instead of AWS. */
  readonly social?: SocialProvider | undefined;
  /** Known already; otherwise asked of the service. */
  readonly profileArn?: string | undefined;
  readonly label?: string | undefined;
  /** False: the account is stored, and no request uses it until it is enabled. */
  readonly enabled?: boolean | undefined;
  /** For the sign-in and everything the account does afterwards. */
  readonly proxy?: string | undefined;
  /** The account whose credential is to be replaced as a whole. */
  readonly accountId?: string | undefined;
}

export type SignInPlace =
  | { readonly type: 'aws'; readonly startUrl: string; readonly region: string }
  | { readonly type: 'kiro'; readonly provider: SocialProvider };

/** Throws `invalid_request` naming the field. Asks nobody. */
export function placeOf(request: SignInRequest, usualRegion: string): SignInPlace {
  const { startUrl, region, social, profileArn, proxy } = request;
  if (profileArn !== undefined) checkedProfileArn(profileArn);
  if (proxy !== undefined) checkedProxy(proxy);
  if (social === undefined) {
    return {
      type: 'aws',
      startUrl: startUrl === undefined ? BUILDER_ID_START_URL : checkedStartUrl(startUrl),
      region: checkedRegion(region ?? usualRegion),
    };
  }
  if (!SOCIAL_PROVIDERS.includes(social)) {
    const message = `${JSON.stringify(social)} is no way to sign in at Kiro: google or github.`;
    throw new GatewayError('invalid_request', message, { param: 'social' });
  }
  if (startUrl === undefined && region === undefined) return { type: 'kiro', provider: social };
  const message = 'A sign-in with Google or GitHub has neither a start URL nor a region: those belong to AWS.';
  throw new GatewayError('invalid_request', message, { param: startUrl === undefined ? 'region' : 'start_url' });
}
