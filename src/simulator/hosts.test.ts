import { describe, expect, it } from 'vitest';
import { CHAT, CONTROL, chatOf, post, refusedBy, USER_AGENT } from '../../test/support/runtime-client.ts';
import { DEFAULT, open, simulator } from '../../test/support/simulator-client.ts';
import { DEFAULT_ACCOUNT } from './default-accounts.ts';
import { isSdkUserAgent, readAddress } from './hosts.ts';

const INVALID_BEARER = 'The bearer token included in the request is invalid.';
const NOT_AUTHORIZED = 'User is not authorized to make this call.';

describe('hosts', () => {
  it('are read from a prefix of the path or from the Host header', () => {
    expect(readAddress('/host/runtime.eu-central-1.kiro.dev', '127.0.0.1:9090')).toEqual({
      path: '/',
      host: 'runtime',
      region: 'eu-central-1',
    });
    expect(readAddress('/getUsageLimits', 'codewhisperer.us-east-1.amazonaws.com')).toEqual({
      path: '/getUsageLimits',
      host: 'q',
      region: 'us-east-1',
    });
    expect(readAddress('/region/us-east-1/mcp', 'localhost')).toEqual({
      path: '/mcp',
      host: undefined,
      region: 'us-east-1',
    });
    const unknown = '/host/example.com/mcp';
    expect(readAddress(unknown, undefined)).toEqual({ path: unknown, host: undefined, region: undefined });
  });

  it.each([
    ['runtime', CHAT, 200],
    ['runtime', 'AmazonCodeWhispererService.ListAvailableModels', 400],
    ['runtime', `${CONTROL}.GetUsageLimits`, 400],
    ['runtime', 'AmazonQDeveloperStreamingService.SendMessage', 400],
    ['management', `${CONTROL}.GetUsageLimits`, 200],
    ['management', 'AmazonCodeWhispererService.GetUsageLimits', 200],
    ['management', CHAT, 400],
  ])('at %s, %s gets %i', async (host, target, status) => {
    await open();
    const body = target === CHAT ? chatOf() : { origin: 'AI_EDITOR' };
    const answer = await post(target, body, {}, `/host/${host}.us-east-1.kiro.dev/`);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json().__type).toBe('com.amazon.coral.service#UnknownOperationException');
  });

  it('can be limited to Amazon’s or to Kiro’s', async () => {
    await open({ service: { hosts: 'q' } });
    expect((await post(CHAT, chatOf())).status).toBe(400);
    expect((await post('AmazonCodeWhispererService.GetUsageLimits', {}, { 'user-agent': 'curl/8' })).status).toBe(200);
    await open({ service: { hosts: 'kiro' } });
    expect((await post('AmazonCodeWhispererService.GetUsageLimits', {}, { 'user-agent': 'curl/8' })).status).toBe(400);
    expect((await fetch(`${simulator.url}/ListAvailableModels?origin=CLI`, { headers: DEFAULT })).status).toBe(404);
  });

  it('at kiro.dev reject an unusual user agent with an error about the token', async () => {
    await open();
    const runtime = await post(CHAT, chatOf(), { 'user-agent': 'example/1.2.3' });
    expect([runtime.status, runtime.json().message, refusedBy()]).toEqual([403, NOT_AUTHORIZED, 'auth-user-agent']);
    const control = await post(`${CONTROL}.GetUsageLimits`, {}, { 'user-agent': 'example/1.2.3' });
    expect([control.status, control.json().message]).toEqual([400, INVALID_BEARER]);
    await open({ service: { checksUserAgent: false } });
    expect((await post(CHAT, chatOf(), { 'user-agent': 'example/1.2.3' })).status).toBe(200);
  });

  it('accept the user agents of AWS’s SDKs in any language', () => {
    expect(isSdkUserAgent(USER_AGENT)).toBe(true);
    const rust = 'aws-sdk-rust/1.3.9 ua/2.1 api/codewhispererstreaming/0.1.11582 os/linux lang/rust/1.95.0 app/X';
    expect(isSdkUserAgent(rust)).toBe(true);
    for (const other of [undefined, '', 'dragoman/1.0', `dragoman/1.0 ${USER_AGENT}`, 'aws-sdk-js/1.0.0 example/1.0'])
      expect(isSdkUserAgent(other)).toBe(false);
  });

  it('reject tokens of accounts that another region serves', async () => {
    const arn = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/EUROPEEUROPE';
    await open({ accounts: [{ ...DEFAULT_ACCOUNT, kind: 'idc', profileArn: arn }] });
    const body = chatOf((parts) => (parts.body.profileArn = arn));
    const at = (region: string) => post(CHAT, body, {}, `/host/runtime.${region}.kiro.dev/`);
    expect((await at('eu-central-1')).status).toBe(200);
    const refused = await at('us-east-1');
    expect([refused.status, refused.json().message]).toEqual([403, NOT_AUTHORIZED]);
  });
});
