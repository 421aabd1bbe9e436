/** A client which asks one streamed question and wants the whole answer. */

/** The gateway said something else than a reply; a connection which broke is another error. */
export class Refused extends Error {}

/** The account which answered. */
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

/** From the line which `dragoman serve --json` begins with. */
export function servedAt(line: string): string {
  const { url } = JSON.parse(line) as { url?: string }; // of the command, whose other lines have none
  if (url === undefined) throw new Error(`the gateway did not start: ${line}`);
  return url;
}
