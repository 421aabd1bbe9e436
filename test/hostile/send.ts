/** Sends raw bodies, each on its own connection. */
import { type ClientRequest, request } from 'node:http';
import type { GatewayProcess } from './gateway-process.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Rejects if the connection breaks before the answer ends. */
export function post(
  { url }: GatewayProcess,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = begin(url, path, headers);
    request.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('error', reject)
        .once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    request.end(body);
  });
}

function begin(url: string, path: string, headers: Readonly<Record<string, string>>): ClientRequest {
  const all = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers };
  return request(new URL(path, url), { method: 'POST', agent: false, headers: all });
}
