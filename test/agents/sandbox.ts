/** A home, a project and a proxy for one agent run; all removed afterwards. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWatchProxy, type WatchProxy } from './watch-proxy.ts';

export interface Sandbox {
  readonly home: string;
  readonly folder: string;
  readonly proxy: WatchProxy;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openSandbox(files: Readonly<Record<string, string | Buffer>>): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'dragoman-agent-'));
  const home = join(root, 'home');
  const folder = join(root, 'project');
  await Promise.all([mkdir(home), mkdir(folder)]);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const proxy = await startWatchProxy();
  return {
    home,
    folder,
    proxy,
    async [Symbol.asyncDispose]() {
      proxy.close();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
