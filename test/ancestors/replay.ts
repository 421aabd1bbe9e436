/**
 * Replays the calls of another gateway's README against dragoman in front of the simulator. A row works, or its replay
 * shows how dragoman differs and why; docs/coming-from.md lists the same rows.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedReply } from '../../src/simulator/script.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { parseEvents } from '../support/event-stream-text.ts';
import { LOCAL_MODE, NO_ACCOUNT, startTestGateway } from '../support/test-gateway.ts';

const ADMIN_TOKEN = 'admin-token-of-the-replay-0123456789';

export interface Row {
  /** The call as listed on the page, in Markdown. */
  readonly call: string;
  /** undefined: it works. Otherwise a clause that completes "because …". */
  readonly differsBecause?: string;
  replay(gateway: ReplayedGateway): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** undefined: the text is not JSON. */
  readonly json: unknown;
}

export interface ReplayedGateway {
  readonly url: string;
  readonly simulator: Simulator;
  /** curl: the body as JSON, `content-type: application/json` unless other headers are given. */
  curl(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Like `curl`, plus the admin token, which the README's call lacks. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Answers to the READMEs' prompts. */
const REPLIES: readonly ScriptedReply[] = [
  { when: { toolResults: true }, steps: ['晴朗，15 度。'] },
  { when: { text: '天气', tools: true }, steps: [{ tool: 'get_weather', input: { city: '北京' } }] },
  { when: { text: '搜索', tools: true }, steps: [{ tool: 'web_search', input: { query: 'AI' } }] },
  { when: { text: '执行', tools: true }, steps: [{ tool: 'bash', input: { command: 'ls' } }] },
  { steps: ['你好', '！'] },
];
export const HELLO = '你好！';

/** `env`: the other gateway's own variables. */
export async function startReplay(env: Readonly<Record<string, string>> = {}): Promise<ReplayedGateway> {
  const { url, simulator, close } = await startTestGateway({
    script: { replies: REPLIES },
    pollIntervalS: 1,
    env: { ...NO_ACCOUNT, ...LOCAL_MODE, DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, ...env },
    gatewayClock: systemClock,
  });
  const curl: ReplayedGateway['curl'] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
  };
  return {
    url,
    simulator,
    curl,
    admin: (method, path, body) => curl(method, path, body, { authorization: `Bearer ${ADMIN_TOKEN}` }),
    stop: close,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One gateway serves all rows of a table, in their order. */
export function replayTable(project: string, env: Readonly<Record<string, string>>, rows: readonly Row[]): void {
  describe(project, () => {
    let gateway: ReplayedGateway;
    beforeAll(async () => {
      gateway = await startReplay(env);
    });
    afterAll(() => gateway.stop());

    for (const row of rows) it(`${row.call}: ${outcomeOf(row)}`, { timeout: 20_000 }, () => row.replay(gateway));

    it('is listed in docs/coming-from.md row for row', () => {
      expect(documentedRows(project)).toEqual(rows.map((row) => [row.call, outcomeOf(row)]));
    });
  });
}

function outcomeOf({ differsBecause }: Row): string {
  return differsBecause === undefined ? 'works' : `differs, because ${differsBecause}`;
}

function documentedRows(project: string): string[][] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/coming-from.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${project}\n`)) ?? '';
  return [...section.matchAll(/^\| (.+?) \| (works|differs, because .+) \|$/gm)].map(([, call = '', outcome = '']) => [
    call,
    outcome,
  ]);
}

/** The text of a streamed reply, from the events of either API. */
export function streamedText({ headers, text }: Answer): string {
  expect(headers.get('content-type')).toContain('text/event-stream');
  return parseEvents(text).map(deltaOf).join('');
}

interface Delta {
  readonly choices?: readonly { readonly delta: { readonly content?: string | null } }[];
  readonly delta?: { readonly text?: string };
}

function deltaOf({ choices, delta }: Delta): string {
  return choices?.[0]?.delta.content ?? delta?.text ?? '';
}

/** A complete chat completion with this text. */
export function completion(text: string) {
  return { object: 'chat.completion', choices: [{ message: { role: 'assistant', content: text } }] };
}

/** A complete message with this text. */
export function message(text: string) {
  return { type: 'message', role: 'assistant', content: [{ type: 'text', text }] };
}
