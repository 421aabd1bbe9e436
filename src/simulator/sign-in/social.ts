/**
 * Kiro's own sign-in service (Google, GitHub) and an organisation's OpenID provider, as users have described
 * them: camelCase responses, milliseconds in the device flow, form bodies at the external provider.
 */

import { type Answer, type Call, json, membersOf, textOf } from '../call.ts';
import type { SimulatedAccountState, TokenPair } from '../identities.ts';
import { Refused } from '../refusal.ts';
import type { World } from '../world.ts';
import { answerInBrowser } from './browser.ts';
import { challengeOf } from './oidc.ts';

export function refreshSocial(call: Call, { identities }: World): Answer {
  const refreshToken = textOf(membersOf(call).refreshToken) ?? '';
  const accountState = identities.ofRefreshToken(refreshToken);
  const tokens = accountState?.account.kind === 'social' ? identities.redeem(refreshToken, undefined) : undefined;
  if (!accountState || !tokens) throw new Refused({ status: 400, message: DEAD_REFRESH_TOKEN }, 'social-refresh');
  return socialTokens(tokens, accountState);
}

const DEAD_REFRESH_TOKEN = JSON.stringify({ error: 'invalid_grant', message: 'Invalid refresh token provided' });

/** The browser's step on the older page, which programs with a custom URL scheme open. */
export function socialSignIn(call: Call, world: World): Answer {
  return signInAt(call, world, call.query.get('redirect_uri') ?? '');
}

/** The browser's step on the portal, which adds its own path to the redirect URI and reports the chosen method. */
export function portalSignIn(call: Call, world: World): Answer {
  const address = call.query.get('redirect_uri') ?? '';
  const port = Number(/^http:\/\/(?:127\.0\.0\.1|localhost):(\d+)$/.exec(address)?.[1]);
  if (!PORTAL_PORTS.has(port)) throw new Refused({ status: 400, message: 'Bad request' }, 'portal-redirect', address);
  return signInAt(call, world, `${address}/oauth/callback?login_option=google`);
}

/** The ports that the Kiro IDE listens on. */
const PORTAL_PORTS: ReadonlySet<number> = new Set([
  3128, 4649, 6588, 8008, 9091, 49_153, 50_153, 51_153, 52_153, 53_153,
]);

function signInAt(call: Call, world: World, redirectUri: string): Answer {
  const challenge = call.query.get('code_challenge') ?? '';
  if (redirectUri === '' || challenge === '')
    throw new Refused({ status: 400, message: 'Bad request' }, 'social-login');
  const accountState = socialPerson(world);
  return answerInBrowser(call, world, accountState, () => ({
    redirectUri,
    code: world.signIns.startCode({ accountState, clientId: undefined, challenge, redirectUri }),
  }));
}

export function exchangeSocialCode(call: Call, world: World): Answer {
  const { code: value, code_verifier: verifier, redirect_uri: redirectUri } = membersOf(call);
  const code = world.signIns.takeCode(textOf(value));
  if (!code || challengeOf(textOf(verifier) ?? '') !== code.challenge || redirectUri !== code.redirectUri)
    throw new Refused({ status: 401, message: 'Bad credentials' }, 'social-code');
  return socialTokens(world.identities.issue(code.accountState, undefined), code.accountState);
}

export function startSocialDevice(call: Call, world: World): Answer {
  const { clientId, loginProvider } = membersOf(call);
  if (textOf(clientId) === undefined || (loginProvider !== 'Google' && loginProvider !== 'Github'))
    throw new Refused({ status: 400, message: 'Bad request' }, 'social-device');
  const device = world.signIns.startDevice(socialPerson(world), undefined);
  const verificationUri = `${world.url}/start`;
  return json({
    deviceCode: device.deviceCode,
    userCode: device.userCode,
    verificationUri,
    verificationUriComplete: `${verificationUri}?user_code=${device.userCode}`,
    intervalInMilliseconds: device.intervalS * 1000,
    expiresInMilliseconds: world.settings.deviceCodeLifeS * 1000,
  });
}

export function pollSocialDevice(call: Call, world: World): Answer {
  const outcome = world.signIns.poll(textOf(membersOf(call).deviceCode), undefined);
  if (outcome.type !== 'tokens') return json({ status: outcome.type });
  const { accessToken, refreshToken } = outcome.tokens;
  const profileArn = outcome.accountState.account.profileArn ?? null;
  return json({ status: 'authorized', accessToken, refreshToken, profileArn, identityProvider: 'Google' });
}

/** OAuth 2.0 with a form body and a public client. */
export function refreshExternal(call: Call, { identities }: World): Answer {
  const form = new URLSearchParams(call.rawBody.toString('utf8'));
  const refreshToken = form.get('refresh_token') ?? '';
  const accountState = identities.ofRefreshToken(refreshToken);
  const isExternal = accountState?.account.kind === 'external-idp' && form.get('grant_type') === 'refresh_token';
  const tokens = isExternal ? identities.redeem(refreshToken, form.get('client_id') ?? undefined) : undefined;
  if (!tokens) {
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'The refresh token has expired.' });
    throw new Refused({ status: 400, message: body }, 'external-refresh');
  }
  const { accessToken, expiresInS } = tokens;
  return json({
    token_type: 'Bearer',
    access_token: accessToken,
    refresh_token: tokens.refreshToken,
    expires_in: expiresInS,
    scope: form.get('scope') ?? '',
  });
}

function socialTokens(
  { accessToken, refreshToken, expiresInS }: TokenPair,
  { account }: SimulatedAccountState,
): Answer {
  return json({ accessToken, refreshToken, expiresIn: expiresInS, profileArn: account.profileArn ?? null });
}

function socialPerson(world: World): SimulatedAccountState {
  const accountState = world.identities.all().find(({ account }) => account.kind === 'social');
  if (!accountState) throw new Refused({ status: 403, message: 'Forbidden' }, 'social-nobody');
  return accountState;
}
