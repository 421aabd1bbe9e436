/**
 * Builds the package, which a checkout runs too until one of its files changes (tools/start.js): the console, and src/ bundled into
 * dist/ with the libraries that are devDependencies. Node needs about 0.3 ms and 80 KB for each module it loads; a start loads a
 * thousand of them unbundled and 60 bundled. Packages in `dependencies` stay outside: they have native parts, or are loaded by few
 * requests. `npm ci` runs this file.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { extractScalar, SCALAR_FILE } from '../src/http/reference/scalar.ts';
import { recordBuild } from './build-record.js';
import { buildConsole } from './console.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = resolve(process.argv[2] ?? join(ROOT, 'dist'));

/** Bundled although they are dependencies, which they are for the published types. */
const FOR_TYPES = ['zod'];

/** Replaced by a file in the package: its module has a program for browsers as a string of 5 MB. */
const SCALAR = '@scalar/fastify-api-reference';

/**
 * What Fastify's own validators and serializers need. dragoman replaces them (src/http/validation.ts); bundled, they would make every
 * start read the 230 kB of Ajv, which only requests with a JSON schema need.
 */
function isNeverLoaded(id: string, importer: string | undefined): boolean {
  return /^ajv(?:-formats)?(?:\/|$)/.test(id) && importer !== undefined && FASTIFY_COMPILERS.test(importer);
}

const FASTIFY_COMPILERS = /\/node_modules\/(?:@fastify\/ajv-compiler|fast-json-stringify)\//;

/**
 * What the programs load first. Modules that the same ones of these need become one file: each file takes 0.7 ms to find, read and
 * link, and a start would need 60 of them; a single file would make a health check load the server.
 */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  tokens: ['src/token-refresh-worker.ts'],
  program: ['src/cli/program.ts', 'src/cli/terminal.ts'],
  commands: ['src/cli/commands.ts'],
  gateway: ['src/compose.ts', 'src/cli/command-log.ts'],
  server: ['src/compose-server.ts', 'src/cli/reload.ts', 'src/cli/stop.ts', 'src/cli/banner.ts'],
};

/** By id: the modules that each one imports statically. */
const imports = new Map<string, readonly string[]>();

const readImports: Plugin = {
  name: 'read-imports',
  moduleParsed({ id, importedIds }) {
    imports.set(id, importedIds);
  },
};

/** With everything that they import statically. */
function closureOf(ids: readonly string[]): ReadonlySet<string> {
  const found = new Set(ids);
  for (const id of found) for (const imported of imports.get(id) ?? []) found.add(imported);
  return found;
}

let closures: readonly (readonly [name: string, modules: ReadonlySet<string>])[] | undefined;

/** The programs that load the module first, or null. Called once all modules are known. */
function groupOf(id: string): string | null {
  closures ??= Object.entries(PROGRAMS).map(([name, paths]) => [
    name,
    closureOf(paths.map((path) => join(ROOT, path))),
  ]);
  const users = closures.filter(([, modules]) => modules.has(id)).map(([name]) => name);
  return users.length === 0 ? null : users.join('-');
}

/** Compiles the files that run in a thread or process of their own: those that a URL of the sources points to. */
const ownPrograms: Plugin = {
  name: 'own-programs',
  transform(code, id) {
    return code.replaceAll(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g, (_, path: string) => {
      const reference = this.emitFile({ type: 'chunk', id: resolve(id, '..', path) });
      return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
    });
  },
};

const beganMs = Date.now();
rmSync(DIST, { recursive: true, force: true });
const chunks = await bundle();
for (const chunk of chunks) writeFileSync(join(DIST, chunk.fileName), asLatin1(chunk.code));
writeFileSync(join(DIST, SCALAR_FILE), await extractScalar());
const consoleModules = await buildConsole(join(DIST, 'console'));
writeFileSync(
  join(DIST, 'THIRD-PARTY-LICENSES.txt'),
  licences([...chunks.flatMap(({ moduleIds }) => moduleIds), ...consoleModules]),
);
if (DIST === join(ROOT, 'dist')) recordBuild(ROOT, { sources: sources(), beganMs, built: programs() });

/** Whatever changes the bundle: the modules, the manifests of their packages, and how it is built. */
function sources(): string[] {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => existsSync(id));
  const manifests = packageFolders(modules).map((folder) => join(folder, 'package.json'));
  const own = ['package.json', 'tsconfig.json', 'tools/bundle.ts'].map((file) => join(ROOT, file));
  return [...modules, ...manifests, ...own].map((file) => relative(ROOT, file));
}

function programs(): string[] {
  return chunks.map(({ fileName }) => join('dist', fileName));
}

async function bundle(): Promise<OutputChunk[]> {
  const { dependencies } = readManifest(ROOT);
  const installed = Object.keys(dependencies ?? {}).filter((name) => !FOR_TYPES.includes(name));
  const external = [...installed, SCALAR].map((name) => new RegExp(`^${name}(?:/|$)`));
  const build = await rolldown({
    cwd: ROOT,
    input: ['src/main.ts', 'src/index.ts'],
    platform: 'node',
    plugins: [ownPrograms, readImports],
    // A module of a group may be imported by other chunks than its entry.
    preserveEntrySignatures: 'allow-extension',
    checks: { ineffectiveDynamicImport: false },
    external: (id, importer) => external.some((name) => name.test(id)) || isNeverLoaded(id, importer),
  });
  const { output } = await build.write({
    dir: DIST,
    format: 'esm',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: groupOf, debugName: 'programs' }] },
    // Names stay, for stack traces and `error.name`.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  return output.filter((file) => file.type === 'chunk');
}

/** V8 keeps a source with any other character in two bytes a character. All of them are in strings, templates and patterns. */
function asLatin1(code: string): string {
  return code.replaceAll(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The licence of each bundled package, as licences require of copies. */
function licences(moduleIds: readonly string[]): string {
  const folders = [...packageFolders(moduleIds), join(ROOT, 'node_modules', SCALAR)];
  return [...new Set(folders)].sort().map(licenceOf).join('\n');
}

function packageFolders(moduleIds: readonly string[]): string[] {
  const folders = moduleIds
    .map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)];
}

function licenceOf(folder: string): string {
  const { name, version, license } = readManifest(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.|$)/i.test(entry));
  const text = file === undefined ? `Licensed under ${license}.` : readFileSync(join(folder, file), 'utf8').trim();
  return `${'='.repeat(80)}\n${name} ${version}\n${'='.repeat(80)}\n${text}\n`;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
