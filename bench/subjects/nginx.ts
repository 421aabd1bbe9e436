/** nginx as a byte pass-through. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isInstalled, type Processes } from '../processes.ts';
import { bytesTarget, type Subject, type SubjectKind, untilServing } from './subject.ts';

export const NGINX: SubjectKind = { name: 'nginx', start };

export function hasNginx(): boolean {
  return isInstalled('nginx', '-v');
}

async function start(processes: Processes, upstreamPort: number): Promise<Subject> {
  const folder = processes.makeFolder('nginx');
  mkdirSync(join(folder, 'temp'));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, upstreamPort));
  const args = ['-e', join(folder, 'error.log'), '-p', folder, '-c', config];
  const nginx = processes.start('nginx', 'subject', 'nginx', args);
  return untilServing('nginx', nginx, processes, [bytesTarget(port)]);
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
