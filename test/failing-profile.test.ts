/** A wire profile that starts to fail while requests are running: each is answered through another profile. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../src/core/errors.ts';
import type { SendUpstream } from '../src/gateway/ports.ts';
import type { Script, ScriptedRefusal } from '../src/simulator/script.ts';
import { createSimulator } from './support/simulator.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const BEFORE = 12;
const REQUESTS = 40;
const PARALLEL = 6;

const validation = (message: string, reason: string | null = null) =>
  ({ status: 400, name: 'ValidationException', message, reason }) as const;

const FAILURES: readonly (readonly [string, ScriptedRefusal])[] = [
  ['its path is gone', { when: { host: 'q', flavour: 'rest' }, refuse: { status: 404, message: 'Not Found' } }],
  ['its method is refused', { when: { host: 'q', flavour: 'rest' }, refuse: { status: 405 } }],
  ['its operation is unknown', { when: { host: 'q' }, refuse: { status: 400, name: 'UnknownOperationException' } }],
  [
    'a field is refused',
    {
      when: { host: 'q', flavour: 'rest', operation: 'GenerateAssistantResponse', body: '"agentTaskType"' },
      refuse: validation('Improperly formed request.', 'REQUEST_BODY_INVALID'),
    },
  ],
  [
    'a profile ARN is required',
    {
      when: { host: 'q', operation: 'GenerateAssistantResponse' },
      refuse: validation('profileArn is required for this request.'),
    },
  ],
  [
    'its host dislikes the user agent',
    {
      when: { host: 'q', userAgent: 'dragoman/' },
      refuse: {
        status: 403,
        name: 'AccessDeniedException',
        message: 'The bearer token included in the request is invalid.',
      },
    },
  ],
  [
    'it lacks the model that it lists',
    {
      when: { host: 'q', operation: 'GenerateAssistantResponse' },
      refuse: validation('Invalid model. Please select a different model to continue.', 'INVALID_MODEL_ID'),
    },
  ],
];

/** Status, completeness and wire profile of the answer. */
async function ask({ url, apiKey }: TestGateway, number: number): Promise<string> {
  const messages = [{ role: 'user', content: `Request ${number}` }];
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', stream: number % 2 === 0, messages }),
  });
  const text = await response.text();
  const profile = /profile="([^"]*)"/.exec(response.headers.get('x-dragoman-route') ?? '')?.[1];
  const isWhole = text.includes('"finish_reason":"stop"') && !text.includes('"error"');
  return `${response.status} ${isWhole ? 'whole' : text} ${profile}`;
}

/** Sends all requests, `PARALLEL` at a time. */
async function runLoad(gateway: TestGateway): Promise<readonly string[]> {
  const ends: string[] = [];
  let next = 0;
  const work = async () => {
    while (next < REQUESTS) ends.push(await ask(gateway, next++));
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return ends;
}

async function expectMove(gateway: TestGateway): Promise<void> {
  const ends = await runLoad(gateway);
  expect(ends).toHaveLength(REQUESTS);
  expect(ends.filter((end) => !end.startsWith('200 whole '))).toEqual([]);
  expect(ends).toContain('200 whole q-rest');
  // The account has moved: the next request reaches the profile that works at once.
  const before = gateway.simulator.requests.length;
  const next = await ask(gateway, REQUESTS);
  expect(next).not.toBe('200 whole q-rest');
  expect(ends).toContain(next);
  expect(gateway.simulator.requests.slice(before)).toMatchObject([{ status: 200 }]);
}

const script = (...refusals: readonly ScriptedRefusal[]): Script => ({ replies: [{ steps: ['Milk.'] }], refusals });

describe('a load in mid-run', () => {
  it.each(FAILURES)('gets no error when %s', async (_what, { when, refuse }) => {
    const simulator = await createSimulator({ script: script({ when: { ...when, afterChats: BEFORE }, refuse }) });
    const env = { DRAGOMAN_UPSTREAM_URL: `${simulator.url}/host/{host}` };
    await using gateway = await startTestGateway({ simulator, env });
    await expectMove(gateway);
  });

  it('gets no error when its host is gone', async () => {
    const simulator = await createSimulator({ script: script() });
    const env = { DRAGOMAN_UPSTREAM_URL: `${simulator.url}/host/{host}` };
    const failing =
      (send: SendUpstream): SendUpstream =>
      async (request, signal) => {
        if (simulator.chatRequests.length >= BEFORE && request.url.includes('/host/q.')) throw noSuchHost();
        return send(request, signal);
      };
    await using gateway = await startTestGateway({ simulator, env, wrapSend: failing });
    await expectMove(gateway);
  });
});

/** As transport/undici.ts reports a name that does not resolve. */
function noSuchHost(): GatewayError {
  const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  return new GatewayError('upstream_broken', 'The host name does not exist (ENOTFOUND).', { cause });
}
