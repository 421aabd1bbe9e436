/** `npm run demo`, as a user runs it after cloning the repository. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand, startCommand } from './support/command.ts';

describe('dragoman demo', () => {
  it('shows a streamed chat and tool call, and exits with --once', async () => {
    const { code, out, err } = await startCommand(['demo', '--once', '--port', '0']).end();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/serves http:\/\/127\.0\.0\.1:\d+/);
    expect(out).toMatch(/\nyou .+\nmodel .+\n/);
    expect(out).toMatch(/\ntool +get_weather\(\{.*"city".*\}\)\nresult +\{.*\}\nmodel +\S.+\n/);
  });

  it.each(['README.md', 'README.zh-CN.md'])('prints the conversation shown in %s', async (page) => {
    const readme = readFileSync(join(import.meta.dirname, '..', page), 'utf8');
    const shown = readme.split('<!-- demo:begin -->')[1]?.split('<!-- demo:end -->')[0] ?? '';
    const { out } = await runCommand(['demo', '--once', '--port', '0']);
    const conversation = out.slice(out.indexOf('you '));
    expect(conversation).not.toBe('');
    expect(words(shown)).toContain(words(conversation));
  });

  it('keeps serving', async () => {
    const demo = startCommand(['demo', '--json', '--port', '0']);
    const { answer, toolCall, answerAfterTool, url } = JSON.parse(await demo.nextLine());
    expect(answer).not.toBe('');
    expect(toolCall.name).toBe('get_weather');
    expect(JSON.parse(toolCall.arguments)).toHaveProperty('city');
    expect(answerAfterTool).not.toBe('');
    expect(JSON.parse(await demo.nextLine())).toEqual({
      event: 'serving',
      url,
      console: expect.stringMatching(`^${url}/#ticket=[\\w.-]{60}$`),
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await demo.end('SIGINT')).code).toBe(0);
  });

  it('uses a free port if the default is in use, and fails if a given port is in use', async () => {
    const other = createServer();
    onTestFinished(() => void other.close());
    // If another process has the port already, that serves as well.
    other.once('error', () => {}).listen(8080, '127.0.0.1');
    await once(other, 'listening').catch(() => {});
    const { code, out } = await runCommand(['demo', '--once']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Port 8080 is in use, so a free one was chosen\.\n/);
    const asked = await runCommand(['demo', '--once', '--port', '8080']);
    expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('8080')]);
    const set = await runCommand(['demo', '--once'], { DRAGOMAN_PORT: '8080' });
    expect([set.code, set.err]).toEqual([1, expect.stringContaining('8080')]);
  });
});

/** Long lines are wrapped in the README. */
function words(text: string): string {
  return text.split(/\s+/).join(' ').trim();
}
