/**
 * Checks for values that become part of a host name or a request: regions, ARNs, start URLs and identity providers'
 * token endpoints. Each check throws `invalid_request` with the field and the accepted form.
 */
import { GatewayError } from '../../core/errors.ts';

/** The form that AWS uses. */
export const REGION_PATTERN = /^[a-z]{2}(?:-[a-z]+){1,3}-\d$/;
const PROFILE_ARN_PATTERN =
  /^arn:aws[a-z-]*:codewhisperer:[a-z]{2}(?:-[a-z]+){1,3}-\d:\d{12}:profile\/[A-Za-z0-9]{12}$/;
export const BUILDER_ID_START_URL = 'https://view.awsapps.com/start';

/**
 * Hosts that may receive the refresh token of an organisation's identity provider: Microsoft's own. Without this list, a
 * crafted credential file could send a token anywhere.
 */
const TOKEN_ENDPOINT_HOSTS = /^(?:[a-z0-9-]+\.)*microsoftonline\.(?:com|us|cn)$/;

export function checkedRegion(region: string, param = 'region'): string {
  if (REGION_PATTERN.test(region)) return region;
  throw wrong(param, `${quoted(region)} is not an AWS region. Use one such as us-east-1 or eu-central-1.`);
}

export function checkedProfileArn(arn: string, param = 'profile_arn'): string {
  if (PROFILE_ARN_PATTERN.test(arn)) return arn;
  const shape = 'arn:aws:codewhisperer:REGION:ACCOUNT:profile/ID';
  throw wrong(param, `${quoted(arn)} is not a profile ARN. Expected ${shape} with a 12-digit account.`);
}

/** The sign-in service opens it in the person's browser: https only, and no user or password in it. */
export function checkedStartUrl(startUrl: string): string {
  const url = URL.canParse(startUrl) ? new URL(startUrl) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return startUrl.replace(/\/+$/, '');
  throw wrong(
    'start_url',
    'The start URL must be an https URL without a user or password. Copy it from your organisation.',
  );
}

/**
 * `allowed`: further hosts, from a setting. Without https, only this machine is accepted, so that nothing on the network
 * can read the token.
 */
export function checkedTokenEndpoint(endpoint: string, allowed: readonly string[] = []): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isKnown = url && (allowed.includes(url.host) || (url.port === '' && TOKEN_ENDPOINT_HOSTS.test(url.hostname)));
  if (isKnown && isPrivateTo(url)) return endpoint;
  const host = url ? quoted(url.host) : 'The token endpoint';
  throw wrong(
    'token_endpoint',
    `${host} is not an identity provider that dragoman sends refresh tokens to. Use an https URL without a user, at ` +
      'Microsoft Entra ID or at a host listed in DRAGOMAN_IDP_HOSTS.',
  );
}

/** True if only the host itself can read what is sent to it. */
function isPrivateTo({ protocol, hostname, username, password }: URL): boolean {
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isSafe && username === '' && password === '';
}

/** The spelling that `URL` normalizes to. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Truncated, because the value may be a token pasted into the wrong field. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 24)}…` : text);
}

function wrong(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
