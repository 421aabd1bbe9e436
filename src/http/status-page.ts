/** `GET /`: the status, how to sign in, and how to configure clients. */
import type { PoolStatus } from '../gateway/ports.ts';
import { escapeHtml, page } from './page.ts';

export interface StatusPageFacts {
  readonly version: string;
  /** The address in the browser: `http://127.0.0.1:8080`. */
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
<p class="soft">${localMode ? 'No API key is set: only this machine can use the gateway, and any key is accepted. <code>dragoman keys create NAME</code> ends this.' : 'Clients need an API key of this gateway.'}</p>
${signIn(status)}
<h2>Configure a client</h2>
<h3>Claude Code</h3>
${code(`export ANTHROPIC_BASE_URL=${baseUrl}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nclaude`)}
<h3>OpenAI SDK and programs built on it</h3>
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

/** Shown only if there are any. */
function waitingFact({ waiting = 0 }: PoolStatus): string {
  return waiting === 0 ? '' : `<div><dt>Requests waiting for an account</dt><dd>${waiting}</dd></div>\n`;
}

function signIn({ ready, total }: PoolStatus): string {
  const [title, text] =
    total === 0
      ? [
          'Sign in',
          'No account has signed in yet. Sign in with AWS Builder ID, or with the start URL of your organization:',
        ]
      : ready === 0
        ? ['Sign in again', 'No account is ready. If this persists, sign in again:']
        : ['Add an account', 'The gateway is ready. To add another account:'];
  return `<h2>${title}</h2>
<p>${text}</p>
${code('dragoman login\ndragoman login --start-url https://YOUR-COMPANY.awsapps.com/start --region eu-central-1')}
<p class="soft">In a checkout: <code>./dragoman login</code>. A Kiro IDE account on this machine is found automatically. From another machine: <code>POST /v2/auth/start</code> with the admin token, which was shown at the first start.</p>`;
}

function code(text: string): string {
  return `<pre><code>${escapeHtml(text)}</code></pre>`;
}
