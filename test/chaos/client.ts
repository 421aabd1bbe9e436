/** A client that sends one streamed request and expects the complete answer. */

/** The gateway returned something other than a reply; a broken connection is another error. */
export class Refused extends Error {}

/** The account that served the request. */
export async function ask(url: string, apiKey: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  });
  const text = await response.text();
  if (!response.ok || !text.includes('[DONE]')) throw new Refused(`${response.status} ${text}`);
  return /account="([^"]+)"/.exec(response.headers.get('x-dragoman-route') ?? '')?.[1] ?? '';
}

/** From the first line of `dragoman serve --json`. */
export function servedAt(line: string): string {
  const { url } = JSON.parse(line) as { url?: string }; // only the first line has a url
  if (url === undefined) throw new Error(`the gateway did not start: ${line}`);
  return url;
}
