/** DRAGOMAN_SEND_ENVIRONMENT through the whole program: what clients state about where they work reaches the service. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';
const OPENCODE = '<env>\n  Working directory: /srv/app\n  Is directory a git repo: yes\n  Platform: linux\n</env>';
const CODEX = '<environment_context>\n  <cwd>/srv/app</cwd>\n  <shell>bash</shell>\n</environment_context>';
const CLAUDE_CODE =
  '# Environment\n - Primary working directory: /srv/app\n - Platform: darwin\n\ngitStatus: This is the git status.\n\nStatus:\nM a.ts';

interface Client {
  readonly name: string;
  readonly path: string;
  /** The request of a conversation's first turn, or of its second. */
  body(turn: 1 | 2): object;
  readonly sent: object;
}

const later = (turn: 1 | 2) =>
  turn === 1
    ? []
    : [
        { role: 'assistant', content: 'Ok.' },
        { role: 'user', content: 'Working directory: /elsewhere' },
      ];

const CLIENTS: readonly Client[] = [
  {
    name: 'opencode',
    path: '/v1/chat/completions',
    body: (turn) => ({
      model: MODEL,
      messages: [{ role: 'system', content: OPENCODE }, { role: 'user', content: 'Hi' }, ...later(turn)],
    }),
    sent: { envState: { operatingSystem: 'linux', currentWorkingDirectory: '/srv/app' } },
  },
  {
    name: 'Codex',
    path: '/v1/responses',
    body: (turn) => ({
      model: MODEL,
      input: [{ role: 'user', content: CODEX }, { role: 'user', content: 'Hi' }, ...later(turn)],
    }),
    sent: { envState: { currentWorkingDirectory: '/srv/app' } },
  },
  {
    name: 'Claude Code',
    path: '/v1/messages',
    body: (turn) => ({
      model: MODEL,
      max_tokens: 9_000,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'system', content: [{ type: 'text', text: CLAUDE_CODE }] },
        ...later(turn),
      ],
    }),
    sent: {
      envState: { operatingSystem: 'macos', currentWorkingDirectory: '/srv/app' },
      gitState: { status: 'Status:\nM a.ts' },
    },
  },
];

const requestSchema = z.object({
  conversationState: z.object({
    history: z.array(z.unknown()).default([]),
    currentMessage: z.object({
      userInputMessage: z.object({ userInputMessageContext: z.unknown().optional() }),
    }),
  }),
});

async function contextSent(gateway: TestGateway, { path, body }: Client, turn: 1 | 2): Promise<unknown> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}` },
    body: JSON.stringify(body(turn)),
  });
  expect(response.status, await response.text()).toBe(200);
  const { conversationState } = requestSchema.parse(JSON.parse(gateway.takeChatRequest(() => true) ?? '{}'));
  expect(JSON.stringify(conversationState.history)).not.toMatch(/envState|gitState/);
  return conversationState.currentMessage.userInputMessage.userInputMessageContext;
}

describe('with DRAGOMAN_SEND_ENVIRONMENT=yes', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { DRAGOMAN_SEND_ENVIRONMENT: 'yes' } });
  });
  afterAll(() => gateway.close());

  it.each(CLIENTS)('sends the environment that $name states, the same in every turn', async (client) => {
    expect(await contextSent(gateway, client, 1)).toEqual(client.sent);
    expect(await contextSent(gateway, client, 2)).toEqual(client.sent);
  });
});

describe('without DRAGOMAN_SEND_ENVIRONMENT', () => {
  it('sends nothing', async () => {
    await using gateway = await startTestGateway();
    for (const client of CLIENTS) expect(await contextSent(gateway, client, 1), client.name).toBeUndefined();
  });
});
