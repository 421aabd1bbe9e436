/** `GET /docs/errors`: docs/errors.md as a page, in English or Chinese. Error responses name its sections in `link`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyHelmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { ErrorCode } from '../core/errors.ts';
import { escapeHtml, page, STYLE_HASH } from './page.ts';

const GUIDE_PATH = '/docs/errors';

/** `rel="help"`: https://www.iana.org/assignments/link-relations */
export function helpLink(code: ErrorCode): string {
  return `<${GUIDE_PATH}#${code}>; rel="help"`;
}

const FILES = { en: 'errors.md', 'zh-CN': 'errors.zh-CN.md' } as const;
type Language = keyof typeof FILES;

/** `folder`: the documents of the package. They are read when a browser first requests the page. */
export async function registerErrorGuide(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [`'sha256-${STYLE_HASH}'`],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Encryption is a reverse proxy's task; this header would break http://localhost.
    strictTransportSecurity: false,
  });
  const pages = new Map<Language, Promise<string>>();
  app.get<{ Querystring: { lang?: unknown } }>(GUIDE_PATH, async ({ query, headers }, reply) => {
    const language = languageOf(query.lang) ?? languageOf(headers['accept-language']) ?? 'en';
    const known = pages.get(language);
    const rendering = known ?? renderGuide(folder, language);
    if (!known) pages.set(language, rendering);
    const html = await rendering.catch((cause: unknown) => {
      pages.delete(language);
      throw cause;
    });
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').header('vary', 'accept-language');
    return html;
  });
}

/** Of a tag or of the first in a list: `zh-Hans-CN,zh;q=0.9`. */
function languageOf(value: unknown): Language | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\s*zh\b/i.test(value)) return 'zh-CN';
  return /^\s*en\b/i.test(value) ? 'en' : undefined;
}

async function renderGuide(folder: string, language: Language): Promise<string> {
  const [{ Marked }, text] = await Promise.all([import('marked'), readFile(join(folder, FILES[language]), 'utf8')]);
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: title }) {
        return `<h${depth} id="${escapeHtml(anchorOf(title))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const target = targetOf(href);
        return target === undefined ? inner : `<a href="${escapeHtml(target)}">${inner}</a>`;
      },
    },
  });
  return page(language === 'en' ? 'Errors' : '错误码', await marked.parse(text), language);
}

/** As GitHub does: `403: which one is it` is `403-which-one-is-it`. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** Undefined for the other documents, which the gateway does not serve. */
function targetOf(href: string): string | undefined {
  if (href.startsWith('#') || href.startsWith('https://')) return href;
  if (href === FILES.en) return `${GUIDE_PATH}?lang=en`;
  return href === FILES['zh-CN'] ? `${GUIDE_PATH}?lang=zh-CN` : undefined;
}
