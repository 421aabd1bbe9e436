/**
 * What may become part of a host name or a request: regions, ARNs, start URLs, identity providers' token endpoints.
 * Each check throws `invalid_request` naming the field and saying what is accepted.
 */
import { GatewayError } from '../../core/errors.ts';

/** AWS's own shape. */
export const REGION_PATTERN = /^[a-z]{2}(?:-[a-z]+){1,3}-\d$/;
const PROFILE_ARN_PATTERN =
  /^arn:aws[a-z-]*:codewhisperer:[a-z]{2}(?:-[a-z]+){1,3}-\d:\d{12}:profile\/[A-Za-z0-9]{12}$/;
export const BUILDER_ID_START_URL = 'https://view.awsapps.com/start';

/**
 * Hosts which may be told a refresh token of an organisation's identity provider: whoever writes a credential file
 * could otherwise have it sent anywhere. Microsoft's own.
 */
const TOKEN_ENDPOINT_HOSTS = /^(?:[a-z0-9-]+\.)*microsoftonline\.(?:com|us|cn)$/;

export function checkedRegion(region: string, param = 'region'): string {
  if (REGION_PATTERN.test(region)) return region;
  throw wrong(param, `${quoted(region)} is no AWS region. Regions look like us-east-1 or eu-central-1.`);
}

export function checkedProfileArn(arn: string, param = 'profile_arn'): string {
  if (PROFILE_ARN_PATTERN.test(arn)) return arn;
  const shape = 'arn:aws:codewhisperer:REGION:ACCOUNT:profile/ID';
  throw wrong(param, `${quoted(arn)} is no profile ARN. They look like ${shape}, the account having twelve digits.`);
}

/** It is shown to the sign-in service, which opens it in the person's browser: no other scheme, no password in it. */
export function checkedStartUrl(startUrl: string): string {
  const url = URL.canParse(startUrl) ? new URL(startUrl) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return startUrl.replace(/\/+$/, '');
  throw wrong('start_url', 'The start URL must be an https address, as your organisation gave it.');
}

/**
 * `allowed`: further hosts, by a setting. Nobody on the way may read the token, so without https it goes to this
 * machine alone.
 */
export function checkedTokenEndpoint(endpoint: string, allowed: readonly string[] = []): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isKnown = url && (allowed.includes(url.host) || (url.port === '' && TOKEN_ENDPOINT_HOSTS.test(url.hostname)));
  if (isKnown && isPrivateTo(url)) return endpoint;
  const host = url ? quoted(url.host) : 'This';
  throw wrong(
    'token_endpoint',
    `${host} is no identity provider which dragoman may send a refresh token to. Accepted: https addresses ` +
      'with no user in them, of Microsoft Entra ID and of hosts named in DRAGOMAN_IDP_HOSTS.',
  );
}

/** Nobody but the host itself is told what is sent there. */
function isPrivateTo({ protocol, hostname, username, password }: URL): boolean {
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isSafe && username === '' && password === '';
}

/** As `URL` writes it. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Cut, because somebody may have pasted a token into the wrong field. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 24)}…` : text);
}

function wrong(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
