import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toCurl } from './curl.ts';

const request = {
  method: 'POST',
  path: '/v1/messages',
  protocol: 'anthropic-messages',
  model: 'claude-sonnet-4.5',
  stream: true,
  text: null,
};

/** What a shell makes of the command's arguments. */
function argumentsOf(command: string): string[] {
  const script = command.replace('curl', `printf '%s\\0'`);
  const output = execFileSync('sh', ['-c', script], { env: { DRAGOMAN_API_KEY: 'dg-key' }, encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

describe('a request as curl', () => {
  it('has an example as its body where the ledger has no text', () => {
    const words = argumentsOf(toCurl(request, 'http://127.0.0.1:8080'));
    expect(words).toEqual([
      'http://127.0.0.1:8080/v1/messages',
      '-H',
      'x-api-key: dg-key',
      '-H',
      'anthropic-version: 2023-06-01',
      '-H',
      'content-type: application/json',
      '-d',
      expect.any(String),
    ]);
    expect(JSON.parse(words.at(-1) ?? '')).toMatchObject({ model: 'claude-sonnet-4.5', stream: true });
  });

  it('keeps every character of a stored body', () => {
    const body = `{"input":"it's $HOME \`id\` \\\\ \\"quoted\\""}`;
    const text = { request: body, reply: '', isCut: false };
    const command = toCurl({ ...request, protocol: 'openai-responses', text }, 'http://127.0.0.1:8080');
    expect(argumentsOf(command).at(-1)).toBe(body);
  });

  it('quotes a hostile path', () => {
    const [url] = argumentsOf(toCurl({ ...request, method: 'GET', path: "/v1/'; id; '" }, 'http://127.0.0.1'));
    expect(url).toBe("http://127.0.0.1/v1/'; id; '");
  });

  it('has neither body nor content type if it reads something', () => {
    const command = toCurl({ ...request, method: 'GET', path: '/v1/models', protocol: 'openai-chat' }, 'http://h');
    expect(argumentsOf(command)).toEqual(['http://h/v1/models', '-H', 'authorization: Bearer dg-key']);
  });
});
