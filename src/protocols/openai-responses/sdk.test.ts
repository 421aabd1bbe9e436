/** The official SDK as judge: streams, accumulators, stored responses, background runs and compaction over sockets. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type House, openHouse } from '../../../test/support/house.ts';
import type { ScriptedReply } from '../../simulator/script.ts';

const MODEL = 'claude-sonnet-4.5';

async function open(replies: readonly ScriptedReply[] = []) {
  const house = await openHouse({ script: { replies } });
  return Object.assign(house, { client: clientOf(house) });
}

function clientOf(house: House): OpenAI {
  return new OpenAI({ baseURL: `${house.url}/v1`, apiKey: house.apiKey, maxRetries: 0 });
}

describe('a response', () => {
  it('streams to what it is whole', async () => {
    const steps = [{ reasoning: ['Let me ', 'think.'], signature: 'c2ln' }, { text: ['Hel', 'lo.'] }];
    await using house = await open([{ steps }]);
    const params = { model: MODEL, input: 'Hi', include: ['reasoning.encrypted_content' as const] };
    const whole = await house.client.responses.create(params);
    const streamed = await house.client.responses.stream(params).finalResponse();
    expect(whole.output_text).toBe('Hello.');
    expect(whole.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    const anonymous = (response: typeof whole) => JSON.stringify(response).replaceAll(/_[A-Za-z0-9]{24}/g, '_x');
    const { created_at: _a, parsed: _p, ...rest } = { ...streamed, parsed: undefined };
    expect(JSON.parse(anonymous(rest as never))).toMatchObject({ output_text: 'Hello.', status: 'completed' });
  });

  it('is continued by its id, and its items by theirs', async () => {
    await using house = await open([{ steps: ['Blue.'] }]);
    const first = await house.client.responses.create({ model: MODEL, input: 'My colour is blue.' });
    await house.client.responses.create({ model: MODEL, input: 'Which was it?', previous_response_id: first.id });
    const body = house.simulator.chatRequests.at(-1)?.rawBody ?? '';
    expect(body).toContain('My colour is blue.');
    expect(body).toContain('Blue.');
    expect(body).toContain('Which was it?');
  });
});
