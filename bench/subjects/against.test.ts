import { describe, expect, it } from 'vitest';
import { Processes } from '../processes.ts';
import { parseAgainst } from './against.ts';

async function targetOf(text: string, key?: string) {
  const kind = parseAgainst(text, key);
  await using processes = new Processes();
  const subject = await kind.start(processes, 0);
  return { name: kind.name, ...subject.targets[0] };
}

describe('parseAgainst', () => {
  it.each([
    ['other=http://127.0.0.1:8990', '/v1/chat/completions', 'openai-chat'],
    ['other=http://127.0.0.1:8990/api/v1/chat/completions?x=1', '/api/v1/chat/completions?x=1', 'openai-chat'],
    ['other=http://127.0.0.1:8990/cc/v1/messages', '/cc/v1/messages', 'anthropic-messages'],
  ])('reads the format and the path from %s', async (text, path, dialect) => {
    expect(await targetOf(text)).toMatchObject({ name: 'other', host: '127.0.0.1', port: 8990, path, dialect });
  });

  it('sends the given key, and accepts joined and split deltas', async () => {
    expect(await targetOf('x=http://[::1]:1', 'sk-1')).toMatchObject({
      host: '::1',
      key: 'sk-1',
      oneDeltaPerFrame: false,
    });
  });

  it.each(['http://127.0.0.1:8990', 'other=', 'other=https://127.0.0.1', 'other=127.0.0.1:80'])(
    'rejects %j',
    (text) => {
      expect(() => parseAgainst(text, undefined)).toThrow('--against takes NAME=URL');
    },
  );
});
