/** Scalar's program for browsers: a compressed file in the package, taken out of Scalar's plugin in a checkout. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Beside the bundled program; tools/bundle.ts writes it. */
export const SCALAR_FILE = 'scalar.js.gz';

let loaded: Promise<Buffer> | undefined;

/** The program, compressed with gzip: 1.4 MB, kept once it has been requested. Rejects if it cannot be read. */
export function loadScalar(): Promise<Buffer> {
  loaded ??= readPackaged().catch((cause: unknown) => {
    loaded = undefined;
    throw cause;
  });
  return loaded;
}

async function readPackaged(): Promise<Buffer> {
  try {
    return await readFile(new URL(SCALAR_FILE, import.meta.url));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return extractScalar();
    throw cause;
  }
}

/**
 * Of all Scalar packages, the plugin for Fastify depends on the fewest others and has the whole program in it. Its own
 * page is not used, since that has inline scripts.
 */
export async function extractScalar(): Promise<Buffer> {
  const [{ default: fastify }, { default: plugin }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const app = fastify();
  await app.register(plugin, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
  const { body, statusCode } = await app.inject('/docs/js/scalar.js');
  await app.close();
  if (statusCode !== 200) throw new Error(`The Scalar plugin answered ${statusCode} to the request for its program.`);
  return promisify(gzip)(body, { level: 9 });
}
