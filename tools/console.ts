/**
 * Builds the console (console/) into a folder and compresses its files, so that the gateway can send them as they are.
 * tools/bundle.ts runs it; alone, it is `npm run build:console`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ROOT = resolve(import.meta.dirname, '..');

/** Below this size, the headers of a compressed response weigh as much as it saves. */
const MIN_COMPRESSED_BYTES = 1_024;

/** Returns the ids of the bundled modules, for their licences. */
export async function buildConsole(folder: string): Promise<readonly string[]> {
  // Loaded here: bundle.ts without a console, and an installation without dev dependencies, have no need of it.
  const { build } = await import('vite');
  // Under a test runner it is `test`, with which React would be built for development: twice as large.
  process.env.NODE_ENV = 'production';
  const output = await build({
    root: join(ROOT, 'console'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  });
  if (!('output' in output)) throw new Error('Vite returned more than one build.');
  const assets = join(folder, 'assets');
  await Promise.all(readdirSync(assets).map((name) => compress(join(assets, name))));
  return output.output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

async function compress(file: string): Promise<void> {
  const bytes = readFileSync(file);
  if (bytes.length < MIN_COMPRESSED_BYTES || /\.(?:woff2|png|webp)$/.test(file)) return;
  // Quality 11 takes ten times as long and saves 4 %.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(bytes, { params }));
  writeFileSync(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

if (import.meta.main) await buildConsole(resolve(process.argv[2] ?? join(ROOT, 'dist/console')));
