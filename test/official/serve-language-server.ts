/**
 * Runs AWS's language server over stdio, from the packages in the folder that LANGUAGE_SERVER_FOLDER names: the servers
 * of the IDE plug-ins, combined like the plug-ins' own bundle.
 */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

type Server = (features: unknown) => unknown;

// The server uses no proxy for http, so DNS lookups are refused here: nothing leaves this machine, and attempts are seen.
const lookup = dns.lookup;
dns.lookup = Object.assign((...args: Parameters<typeof lookup>) => {
  if (args[0] === 'localhost') return lookup(...args);
  process.stderr.write(`refused to look up ${args[0]}\n`);
  throw new Error(`No traffic leaves this machine: ${args[0]}`);
}, lookup);

const load = createRequire(resolve(process.env.LANGUAGE_SERVER_FOLDER ?? '.', 'package.json'));

// The published types lack this constant; without it the runtime registers a request without a name.
const types: Record<string, string> = load('@aws/language-server-runtimes-types');
types.FILTER_CONTEXT_COMMANDS_REQUEST_METHOD ??= 'aws/chat/filterContextCommands';

const { standalone }: { standalone(properties: object): void } = load('@aws/language-server-runtimes/runtimes');
const servers: Record<string, Server> = load('@aws/lsp-codewhisperer');
const toolServers: Record<string, Server> = load(
  '@aws/lsp-codewhisperer/out/language-server/agenticChat/tools/toolServer',
);

standalone({
  name: 'AWS CodeWhisperer',
  version: '1.66.0',
  servers: [
    servers.AmazonQServiceServerToken,
    servers.QAgenticChatServerProxy,
    toolServers.FsToolsServer,
    toolServers.BashToolsServer,
    toolServers.McpToolsServer,
    servers.CodeWhispererServer,
    servers.QConfigurationServerTokenProxy,
  ],
});
