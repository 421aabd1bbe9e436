/** The measured subjects: dragoman, nginx as a byte pass-through, and a direct connection to the stand-in. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, isInstalled, type Processes, type Started, untilListening } from './processes.ts';
import { API_KEY, type Dialect } from './requests.ts';

export type SubjectName = 'dragoman' | 'nginx' | 'direct';

export interface Subject {
  readonly name: SubjectName;
  readonly port: number;
  /** Undefined for `direct`, which has no process. */
  readonly pid: number | undefined;
  readonly dialects: readonly Dialect[];
  stop(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, '..');

export function hasNginx(): boolean {
  return isInstalled('nginx', '-v');
}

export async function startSubject(name: SubjectName, processes: Processes, upstreamPort: number): Promise<Subject> {
  switch (name) {
    case 'direct':
      return { name, port: upstreamPort, pid: undefined, dialects: ['event-stream'], stop: async () => undefined };
    case 'nginx':
      return startNginx(processes, upstreamPort);
    case 'dragoman':
      return startDragoman(processes, upstreamPort);
  }
}

async function startNginx(processes: Processes, upstreamPort: number): Promise<Subject> {
  const folder = processes.makeFolder('nginx');
  mkdirSync(join(folder, 'temp'));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, upstreamPort));
  const args = ['-e', join(folder, 'error.log'), '-p', folder, '-c', config];
  const nginx = processes.start('nginx', 'subject', 'nginx', args);
  await untilListening(port, nginx);
  return subject('nginx', port, ['event-stream'], nginx, processes);
}

/** A single process that copies bytes: no reply buffering, no log, keep-alive connections on both sides. */
function nginxConfig(folder: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
worker_rlimit_nofile 65536;
events { worker_connections 32768; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
${temporary.map((kind) => `  ${kind}_temp_path ${folder}/temp/${kind};`).join('\n')}
  upstream service {
    server 127.0.0.1:${upstreamPort};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_max_body_size 64m;
    client_body_buffer_size 2m;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`;
}

async function startDragoman(processes: Processes, upstreamPort: number): Promise<Subject> {
  const folder = processes.makeFolder('dragoman');
  const port = await freePort();
  const args = [join(ROOT, 'src/main.ts'), 'serve'];
  const dragoman = processes.start('dragoman', 'subject', process.execPath, args, {
    cwd: folder,
    env: dragomanEnvironment(folder, port, upstreamPort),
  });
  await untilListening(port, dragoman);
  return subject('dragoman', port, ['openai-chat', 'anthropic-messages'], dragoman, processes);
}

/** As a user would run it: key check on, default log, and an account that needs no sign-in service. */
export function dragomanEnvironment(folder: string, port: number, upstreamPort: number): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    DRAGOMAN_HOME: folder,
    DRAGOMAN_HOST: '127.0.0.1',
    DRAGOMAN_PORT: String(port),
    DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    DRAGOMAN_SECRET_KEY: 'a key for benchmarks only, not for real data',
    DRAGOMAN_API_KEYS: API_KEY,
    DRAGOMAN_UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`,
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_LOG_FORMAT: 'json',
    KIRO_API_KEY: 'ksk_bench0000000000000000000000000000',
  };
}

function subject(
  name: SubjectName,
  port: number,
  dialects: readonly Dialect[],
  started: Started,
  processes: Processes,
): Subject {
  return { name, port, pid: started.pid, dialects, stop: () => processes.stop(started) };
}
