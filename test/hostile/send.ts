/** Sends bodies as they are, on connections of their own. */
import { type ClientRequest, request } from 'node:http';
import type { GatewayProcess } from './gateway-process.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Rejects when the connection breaks before the answer has ended. */
export function post(
  { url }: GatewayProcess,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = begin(url, path, headers);
    asked.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('error', reject)
        .once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    asked.end(body);
  });
}

function begin(url: string, path: string, headers: Readonly<Record<string, string>>): ClientRequest {
  const all = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers };
  return request(new URL(path, url), { method: 'POST', agent: false, headers: all });
}
