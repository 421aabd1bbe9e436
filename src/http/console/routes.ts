/** Serves the console: the document for all of its pages, and its scripts and styles, as the build left them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import { escapeHtml, page, STYLE_HASH } from '../page.ts';
import { PAGE_PATHS } from './page-paths.ts';

/** `folder`: the build, with `index.html` and `assets/`. Its files are read when a browser first requests them. */
export async function registerConsole(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(async (pages) => {
    await pages.register(fastifyHelmet, HELMET);
    for (const path of PAGE_PATHS) pages.get(path, (_request, reply) => sendDocument(reply, folder));
  });
  app.get<{ Params: { '*': string } }>('/assets/*', (request, reply) => sendAsset(request, reply, folder));
}

/**
 * Scripts come from files of this server only. Mantine writes its variables into style elements, which carry the nonce of
 * the response; styles of single elements are set by script, which no policy limits.
 */
const HELMET: FastifyHelmetOptions = {
  enableCSPNonces: true,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", `'sha256-${STYLE_HASH}'`],
      imgSrc: ["'self'", 'data:', 'blob:'],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Encryption is a reverse proxy's task; this header would break http://localhost.
  strictTransportSecurity: false,
};

/** What the build writes wherever a nonce belongs: see console/vite.config.ts. */
const NONCE_PLACEHOLDER = '__CSP_NONCE__';

async function sendDocument(reply: FastifyReply, folder: string): Promise<FastifyReply> {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
  const document = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  if (document === undefined) return reply.send(notBuilt());
  return reply.send(document.replaceAll(NONCE_PLACEHOLDER, escapeHtml(reply.cspNonce.style)));
}

/** Only in a checkout without `npm ci`'s scripts: the package contains the build. */
function notBuilt(): string {
  return page(
    'dragoman',
    `<h1>dragoman</h1>
<p class="lead">The gateway is running, but its console has not been built.</p>
<p>Run <code>npm run build:console</code> in the checkout, and reload this page.</p>
<p><a href="/docs">API reference</a> · <a href="/v1/models">models</a> · <a href="/health">health</a></p>`,
  );
}

/** Their names contain a hash of their content. */
const YEAR_MS = 31_536_000_000;

/** Compressed by the build: the best encoding first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

async function sendAsset(
  request: FastifyRequest<{ Params: { '*': string } }>,
  reply: FastifyReply,
  folder: string,
): Promise<FastifyReply> {
  const { default: send } = await import('@fastify/send');
  const root = join(folder, 'assets');
  const name = request.params['*'];
  if (!/^[\w.-]+$/.test(name)) throw unknownAsset();
  const encoding = encodingFor(request.headers['accept-encoding'], join(root, name));
  const options = { root, immutable: true, maxAge: YEAR_MS, index: false, dotfiles: 'ignore' } as const;
  const { statusCode, headers, stream } = await send(request.raw, `/${name}${encoding?.suffix ?? ''}`, options);
  if (statusCode >= 400) throw unknownAsset();
  reply.code(statusCode).headers(headers);
  if (encoding) reply.header('content-encoding', encoding.name);
  const type = send.mime.getType(name) ?? 'application/octet-stream';
  reply.header('content-type', send.isUtf8MimeType(type) ? `${type}; charset=utf-8` : type);
  return reply.header('vary', 'accept-encoding').send(stream);
}

function unknownAsset(): GatewayError {
  return new GatewayError('not_found', 'The console of this version of dragoman has no such file. Reload the page.');
}

function encodingFor(accepted: string | string[] | undefined, file: string) {
  const names = String(accepted ?? '')
    .split(',')
    .map((entry) => entry.split(';')[0]?.trim());
  const found = ENCODINGS.find(([name, suffix]) => names.includes(name) && existsSync(`${file}${suffix}`));
  return found && { name: found[0], suffix: found[1] };
}
