/**
 * Node's `node:http` without its wrapper as an ES module. `import 'node:http'` reads every export, and reading `WebSocket`
 * makes Node load its own copy of undici with HTTP/2 and web streams: 20 MB of memory and 50 ms of a start.
 */
import type { ServerResponse as NodeServerResponse } from 'node:http';

export const { createServer, ServerResponse } = process.getBuiltinModule('node:http');
export type ServerResponse = NodeServerResponse;
