/**
 * Other gateways to the same service, started by the user: `--against NAME=URL`. The gateway must call the stand-in upstream
 * (`--upstream-port`).
 */
import type { Target } from '../load/job.ts';
import { pidListeningOn } from '../proc.ts';
import type { SubjectKind } from './subject.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * `NAME=URL`, for example `other=http://127.0.0.1:8990/v1/messages`. A path that ends in `/messages` gets requests in
 * Anthropic's format, any other path requests in OpenAI's; without a path, `/v1/chat/completions`.
 */
export function parseAgainst(text: string, key: string | undefined): SubjectKind {
  const [, name, address] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  const url = address === undefined ? null : URL.parse(address);
  if (name === undefined || url?.protocol !== 'http:') {
    throw new Error(
      `--against takes NAME=URL with an http URL, for example other=http://127.0.0.1:8990, not "${text}".`,
    );
  }
  const target: Target = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 80),
    path: url.pathname === '/' ? '/v1/chat/completions' : url.pathname + url.search,
    dialect: url.pathname.endsWith('/messages') ? 'anthropic-messages' : 'openai-chat',
    // Other gateways may join frames, and some split them.
    oneDeltaPerFrame: false,
    ...(key === undefined ? {} : { key }),
  };
  return {
    name,
    start: async () => ({
      name,
      pid: LOOPBACK.has(url.hostname) ? pidListeningOn(target.port) : undefined,
      targets: [target],
      // The user started it.
      stop: async () => undefined,
    }),
  };
}
