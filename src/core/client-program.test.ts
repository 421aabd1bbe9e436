import { describe, expect, it } from 'vitest';
import { clientProgramOf } from './client-program.ts';

describe('the client program of a user agent', () => {
  it.each([
    ['claude-cli/2.1.328 (external, sdk-cli)', 'claude-code', '2.1.328'],
    ['codex_cli_rs/0.104.0 (Debian 13.0.0; x86_64) xterm', 'codex', '0.104.0'],
    ['codex_exec/0.104.0 (Debian)', 'codex', '0.104.0'],
    ['opencode/1.1.20 ai-sdk/provider-utils/3.0.18 runtime/bun/1.3.3', 'opencode', '1.1.20'],
    ['OpenAI/Python 2.8.1', 'openai-python', '2.8.1'],
    ['AsyncOpenAI/Python 2.8.1', 'openai-python', '2.8.1'],
    ['OpenAI/JS 6.9.1', 'openai-node', '6.9.1'],
    ['Anthropic/JS 0.70.0', 'anthropic-node', '0.70.0'],
    ['curl/8.14.1', 'curl', '8.14.1'],
    ['Bun/1.3.3', 'bun', '1.3.3'],
    ['python-requests/2.32.3', 'python-requests', '2.32.3'],
    ['node', 'node', undefined],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Cursor/2.1.39 Chrome/138.0', 'cursor', '2.1.39'],
    ['Mozilla/5.0 (X11)', 'browser', undefined],
    [undefined, 'unknown', undefined],
    ['', 'unknown', undefined],
    ['<script>alert(1)</script>', 'unknown', undefined],
    [`${'x'.repeat(60_000)}/1.0`, 'unknown', undefined],
  ])('%s', (userAgent, name, version) => {
    expect(clientProgramOf(userAgent)).toEqual({ name, version });
  });
});
