/** One conversation over fifty turns stays with its account, for the prompt cache, as long as possible. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../../src/core/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

const TURNS = 50;
const SUSPICION_AT = 20;
const BACK_AT = 35;

class Talk {
  readonly #openai: OpenAI;
  readonly #messages: OpenAI.ChatCompletionMessageParam[] = [];

  constructor({ url, apiKey }: TestPool) {
    this.#openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
  }

  /** The header that names the account. */
  async turn(number: number): Promise<string> {
    this.#messages.push({ role: 'user', content: `Turn ${number}: say hello.` });
    const { data, response } = await this.#openai.chat.completions
      .create({ model: 'claude-sonnet-4.5', messages: this.#messages })
      .withResponse();
    this.#messages.push({ role: 'assistant', content: data.choices[0]?.message.content ?? '' });
    return response.headers.get('x-dragoman-route') ?? '';
  }
}

function accountIn(route: string): string {
  return /^account="([^"]+)"/.exec(route)?.[1] ?? '';
}

describe('a conversation of fifty turns', () => {
  it('stays with one account; during its cooldown it moves once and returns once', async () => {
    const clock = createFakeClock();
    await using gateway = await startTestPool({
      accounts: ['a', 'b', 'c', 'd'].map((id) => ({ id })),
      gatewayClock: clock,
    });
    const talk = new Talk(gateway);
    const routes: string[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      if (turn === SUSPICION_AT) {
        const refuse = {
          status: 429,
          name: 'ThrottlingException',
          message: 'Due to suspicious activity …',
          reason: null,
        };
        gateway.simulator.addReplies({ when: { account: accountIn(routes[0] ?? '') }, times: 1, refuse });
      }
      if (turn === BACK_AT) clock.advance(3_600_000);
      routes.push(await talk.turn(turn));
    }
    const accounts = routes.map(accountIn);
    const home = accounts[0] ?? '';
    const away = accounts[SUSPICION_AT] ?? '';
    expect(away).not.toBe(home);
    expect(accounts).toEqual([
      ...Array(SUSPICION_AT).fill(home),
      ...Array(BACK_AT - SUSPICION_AT).fill(away),
      ...Array(TURNS - BACK_AT).fill(home),
    ]);
    expect(gateway.chatsSeen()).toMatchObject({
      [home]: TURNS - (BACK_AT - SUSPICION_AT) + 1,
      [away]: BACK_AT - SUSPICION_AT,
    });

    expect(routes[0]).toMatch(/, attempt=1, strategy=sticky, candidates=4$/);
    expect(routes[SUSPICION_AT]).toContain(`attempt=2, strategy=sticky, candidates=3, home="${home}"`);
    expect(routes[BACK_AT - 1]).toMatch(
      new RegExp(`candidates=3, home="${home}", passed=\\("${home}";why=cooling;for=\\d+\\)$`),
    );
    expect(routes[BACK_AT]).toBe(routes[0]);
  }, 60_000);

  it('avoids its account while that is busy, and then returns', async () => {
    const lines: object[] = [];
    await using gateway = await startTestPool({
      log: { ...SILENT, info: (fields: object) => void lines.push(fields) },
      accounts: ['a', 'b'].map((id) => ({ id })),
      options: { a: { maxConcurrency: 1 }, b: { maxConcurrency: 1 } },
    });
    const talk = new Talk(gateway);
    const home = accountIn(await talk.turn(0));
    gateway.simulator.addReplies({ when: { text: 'long' }, times: 1, steps: ['A long', { cut: 'stall' }] });
    const left = new AbortController();
    const body = JSON.stringify({
      model: 'claude-sonnet-4.5',
      stream: true,
      // The first message identifies the conversation.
      messages: [
        { role: 'user', content: 'Turn 0: say hello.' },
        { role: 'assistant', content: 'x' },
        { role: 'user', content: 'long' },
      ],
    });
    const headers = { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' };
    const long = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body,
      signal: left.signal,
    });
    expect(accountIn(long.headers.get('x-dragoman-route') ?? '')).toBe(home);
    const escaped = await talk.turn(1);
    expect(accountIn(escaped)).not.toBe(home);
    expect(escaped).toContain(`home="${home}", passed=("${home}";why=busy)`);
    const told = { strategy: 'sticky', candidates: 1, homeId: home, skipped: [{ accountId: home, why: 'busy' }] };
    await expect
      .poll(() => lines)
      .toContainEqual(
        expect.objectContaining({ route: expect.objectContaining({ choice: expect.objectContaining(told) }) }),
      );
    left.abort();
    await expect.poll(async () => accountIn(await talk.turn(2))).toBe(home);
  }, 60_000);
});
