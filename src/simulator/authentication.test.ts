import { describe, expect, it } from 'vitest';
import {
  bearer,
  chat,
  chatBody,
  DEFAULT,
  eventsOf,
  names,
  open,
  simulator,
  target,
} from '../../test/support/simulator-client.ts';
import { API_KEY_ACCOUNT, EXTERNAL_IDP_ACCOUNT, IAM_ACCOUNT, IDC_ACCOUNT } from './default-accounts.ts';
import { signatureOf } from './sigv4.ts';

function sign(name: string, body: string, date: string): Record<string, string> {
  const scope = {
    date: date.slice(0, 8),
    region: 'us-east-1',
    service: 'q',
    signedHeaders: ['host', 'x-amz-date', 'x-amz-target'],
  };
  const headers = { host: `127.0.0.1:${simulator.port}`, 'x-amz-date': date, 'x-amz-target': name };
  const request = { method: 'POST', path: '/', query: new URLSearchParams(), headers, body: Buffer.from(body) };
  const signature = signatureOf(IAM_ACCOUNT.secretAccessKey, request, scope);
  const credential = `${IAM_ACCOUNT.accessToken}/${scope.date}/us-east-1/q/aws4_request`;
  const signed = scope.signedHeaders.join(';');
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

describe('authentication', () => {
  const INVALID = 'The bearer token included in the request is invalid.';

  it.each([
    ['no token', {}, {}, 403, INVALID],
    ['an unknown token', bearer('aoaNobody'), {}, 403, INVALID],
    [
      'an organisation’s token without its profile',
      bearer(IDC_ACCOUNT.accessToken),
      {},
      400,
      'profileArn is required for this request.',
    ],
    ['an organisation’s token', bearer(IDC_ACCOUNT.accessToken), { profileArn: IDC_ACCOUNT.profileArn }, 200, ''],
    [
      'another’s profile',
      bearer(IDC_ACCOUNT.accessToken),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      403,
      INVALID,
    ],
    [
      'a Builder ID with the profile of the IDE',
      DEFAULT,
      { profileArn: 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX' },
      200,
      '',
    ],
    ['a Builder ID with another’s profile', DEFAULT, { profileArn: IDC_ACCOUNT.profileArn }, 403, INVALID],
    [
      'an external token without its header',
      bearer(EXTERNAL_IDP_ACCOUNT.accessToken),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      403,
      'Invalid token',
    ],
    [
      'an external token',
      bearer(EXTERNAL_IDP_ACCOUNT.accessToken, { TokenType: 'EXTERNAL_IDP' }),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      200,
      '',
    ],
    ['an API key without its header', bearer(API_KEY_ACCOUNT.accessToken), {}, 403, 'Invalid token'],
    ['an API key', bearer(API_KEY_ACCOUNT.accessToken, { tokentype: 'API_KEY' }), {}, 200, ''],
    [
      'a signature where a bearer token belongs',
      { authorization: 'AWS4-HMAC-SHA256 Credential=x' },
      {},
      400,
      'The provided credential is invalid.',
    ],
  ])('answers %s', async (_, headers, body, status, message) => {
    await open();
    const response = await chat(headers, chatBody(body));
    expect(response.status).toBe(status);
    if (message !== '') expect(await response.json()).toMatchObject({ message });
    else expect(names(await eventsOf(response))).toContain('assistantResponseEvent');
  });

  it('accepts signed requests at the IAM service, and no others there', async () => {
    await open({ clock: () => Date.UTC(2026, 0, 15, 12) });
    const name = 'AmazonQDeveloperStreamingService.SendMessage';
    const refused = await target(name, chatBody());
    expect(await refused.json()).toMatchObject({ message: 'The provided credential is invalid.' });
    const send = async (signature: Record<string, string>) => target(name, chatBody(), signature);
    const signed = await send(sign(name, JSON.stringify(chatBody()), '20260115T120000Z'));
    expect(names(await eventsOf(signed))).toContain('assistantResponseEvent');
    const tampered = await send(sign(name, 'another body', '20260115T120000Z'));
    expect([tampered.status, await tampered.text()]).toEqual([
      403,
      expect.stringContaining('InvalidSignatureException'),
    ]);
    const late = await send(sign(name, JSON.stringify(chatBody()), '20260115T121000Z'));
    expect(await late.json()).toMatchObject({ message: 'Signature expired.' });
  });

  it('refuses a suspended account by name', async () => {
    await open();
    simulator.setAccount('default', { state: 'suspended' });
    const response = await chat();
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(
      /temporarily is suspended\. We've locked your account.*"reason":"TEMPORARILY_SUSPENDED"/,
    );
  });

  it('can require a profile for every account, like the newer hosts', async () => {
    await open({ requireProfileArn: true });
    expect(await (await chat()).json()).toMatchObject({ message: 'profileArn is required for this request.' });
  });
});

describe('the plan', () => {
  const usage = async () =>
    (await fetch(`${simulator.url}/getUsageLimits?origin=CLI&isEmailRequired=true`, { headers: DEFAULT })).json();

  it('counts the credits that the replies reported, and ends at its limit', async () => {
    await open({ clock: () => Date.UTC(2026, 0, 20) });
    const first = await eventsOf(await chat());
    const cost = first.find(({ name }) => name === 'meteringEvent')?.payload.usage;
    expect(cost).toBeGreaterThan(0);
    expect(await usage()).toMatchObject({
      nextDateReset: Date.UTC(2026, 1, 1) / 1000,
      daysUntilReset: 12,
      usageBreakdownList: [{ resourceType: 'CREDIT', currentUsageWithPrecision: cost, usageLimit: 1000 }],
      userInfo: { email: 'dev@example.com' },
    });
    simulator.spendCredits('default', 1000);
    const refused = await chat();
    expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([402, 'ServiceQuotaExceededException']);
    expect(await refused.text()).toBe('{"message":"You have reached the limit.","reason":"MONTHLY_REQUEST_COUNT"}');
    expect(simulator.creditsOf('default').used).toBeGreaterThan(1000);
  });

  it('throttles an account that sends too many requests, and says for how long', async () => {
    let nowMs = 1_000_000;
    await open({ clock: () => nowMs });
    simulator.setAccount('default', { requestsPerMinute: 1 });
    expect((await chat()).status).toBe(200);
    nowMs += 20_000;
    const throttled = await chat();
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '40']);
    expect(await throttled.json()).toEqual({
      message: 'Too many requests, please wait before trying again.',
      reason: null,
    });
    nowMs += 40_000;
    expect((await chat()).status).toBe(200);
  });
});
