/** `GET /`: how it is going, how to sign in, how to point a client here. */
import type { PoolStatus } from '../gateway/ports.ts';
import { escapeHtml, page } from './page.ts';

export interface StatusPageFacts {
  readonly version: string;
  /** As the browser reached us: `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  readonly localMode: boolean;
  readonly status: PoolStatus;
}

export function statusPage({ version, baseUrl, localMode, status }: StatusPageFacts): string {
  const key = localMode ? 'local' : 'YOUR_KEY';
  return page(
    'dragoman',
    `<h1>dragoman</h1>
<p class="lead">Your own Amazon Q Developer, CodeWhisperer or Kiro subscription, behind the OpenAI and Anthropic APIs.</p>
<dl class="facts">
<div><dt>Accounts ready</dt><dd class="${status.ready > 0 ? 'good' : 'bad'}">${status.ready} of ${status.total}</dd></div>
${waitingFact(status)}<div><dt>Access</dt><dd>${localMode ? 'local mode' : 'API keys'}</dd></div>
<div><dt>Version</dt><dd>${escapeHtml(version)}</dd></div>
</dl>
<p class="soft">${localMode ? 'No API key is set: only this machine can use the gateway, and any key will do. <code>dragoman keys create</code> changes that.' : 'Clients need one of the keys of this gateway.'}</p>
${signIn(status)}
<h2>Point a client here</h2>
<h3>Claude Code</h3>
${code(`export ANTHROPIC_BASE_URL=${baseUrl}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nclaude`)}
<h3>OpenAI SDK, and everything built on it</h3>
${code(`export OPENAI_BASE_URL=${baseUrl}/v1\nexport OPENAI_API_KEY=${key}`)}
${code(`import OpenAI from 'openai';

const stream = await new OpenAI().chat.completions.create({
  model: 'claude-sonnet-4.5',
  messages: [{ role: 'user', content: 'Hello!' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');`)}
<h3>curl</h3>
${code(`curl -N ${baseUrl}/v1/chat/completions \\
  -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\
  -d '{"model":"claude-sonnet-4.5","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'`)}
<h2>More</h2>
<p><a href="/docs">API reference</a> · <a href="/v1/models">models</a> · <a href="/health">health</a></p>`,
  );
}

/** Said only when it is so. */
function waitingFact({ waiting = 0 }: PoolStatus): string {
  return waiting === 0 ? '' : `<div><dt>Requests waiting for an account</dt><dd>${waiting}</dd></div>\n`;
}

function signIn({ ready, total }: PoolStatus): string {
  const [title, text] =
    total === 0
      ? ['Sign in', 'There is no account yet. Sign in with your AWS Builder ID, or with your company’s start URL:']
      : ready === 0
        ? ['Sign in again', 'None of the accounts is ready. If this lasts, sign in again:']
        : ['Another account', 'The gateway has what it needs. To add an account:'];
  return `<h2>${title}</h2>
<p>${text}</p>
${code('dragoman login\ndragoman login --start-url https://YOUR-COMPANY.awsapps.com/start --region eu-central-1')}
<p class="soft">In a checkout: <code>./dragoman login</code>. An account of the Kiro IDE on this machine is found by itself. From another machine: <code>POST /v2/auth/start</code> with the admin token, which was shown when this gateway first started.</p>`;
}

function code(text: string): string {
  return `<pre><code>${escapeHtml(text)}</code></pre>`;
}
