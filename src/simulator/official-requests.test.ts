/** Recorded requests of official clients, which the service accepts, so the simulator must too. */
import { describe, expect, it } from 'vitest';
import { bearer, decode, names, open, simulator } from '../../test/support/simulator-client.ts';
import { DEFAULT_ACCOUNT, IDC_ACCOUNT } from './default-accounts.ts';
import languageServer from './fixtures/language-server.json' with { type: 'json' };
import qCli from './fixtures/q-cli.json' with { type: 'json' };

interface ClientRequest {
  readonly sends: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function send({ method, path, headers, body }: ClientRequest, token: string) {
  const init = { method, headers: { ...headers, ...bearer(token) } };
  const response = await fetch(simulator.url + path, body ? { ...init, body: JSON.stringify(body) } : init);
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

function tokenFor({ body = {} }: ClientRequest): string {
  return 'profileArn' in body ? IDC_ACCOUNT.accessToken : DEFAULT_ACCOUNT.accessToken;
}

const [withoutArn, ...others] = qCli.requests;

describe.each<[string, readonly ClientRequest[]]>([
  ['AWS’s language server', languageServer.requests],
  ['the Amazon Q CLI', others],
])('%s', (_, requests) => {
  it.each(requests.map((request) => [request.sends, request] as const))('may send %s', async (_sends, request) => {
    await open();
    const { response, bytes } = await send(request, tokenFor(request));
    expect(simulator.requests[0]?.refusedBy).toBeUndefined();
    expect(response.status).toBe(200);
    const isStream = response.headers.get('content-type') === 'application/vnd.amazon.eventstream';
    if (isStream) expect(names(decode(bytes))).toContain('assistantResponseEvent');
    else expect(JSON.parse(bytes.toString())).toBeTypeOf('object');
  });
});

describe('GetProfile without an ARN', () => {
  it('returns the caller’s own profile, or the 400 that the Amazon Q CLI reads as no profile', async () => {
    await open();
    expect(withoutArn).toMatchObject({ sends: 'GetProfile without an ARN', body: {} });
    if (!withoutArn) return;
    const own = await send(withoutArn, IDC_ACCOUNT.accessToken);
    expect(JSON.parse(own.bytes.toString())).toMatchObject({ profile: { arn: IDC_ACCOUNT.profileArn } });
    const none = await send(withoutArn, DEFAULT_ACCOUNT.accessToken);
    expect(none.response.status).toBe(400);
    expect(JSON.parse(none.bytes.toString()).__type).toMatch(/#ValidationException$/);
  });
});
