/**
 * One PostgreSQL server per test run, started when the first test needs it. It lives in the process that runs the tests'
 * workers, so it ends with the run; `TEST_POSTGRES_URL` names a server to use instead.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where workers get the server's address. */
    postgresBroker: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Not passed on to the tests: dragoman refuses to start with an unknown setting.
  const configuredUrl = process.env.TEST_POSTGRES_URL;
  delete process.env.TEST_POSTGRES_URL;
  let started: Promise<PostgresServer> | undefined;
  const broker = createServer((_request, response) => {
    if (configuredUrl) {
      response.end(configuredUrl);
      return;
    }
    started ??= startPostgresServer();
    started.then(
      ({ url }) => response.end(url),
      (cause: unknown) => response.writeHead(500).end(String(cause)),
    );
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  broker.unref();
  const { port } = broker.address() as AddressInfo; // a listening TCP server always has one
  project.provide('postgresBroker', `http://127.0.0.1:${port}`);
  return async () => {
    broker.close();
    broker.closeAllConnections();
    await started?.then((server) => server.stop()).catch(() => {});
  };
}
