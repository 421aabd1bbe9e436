/** What `dragoman serve` prints when it is ready. */

import { type CommandInput, printJson } from './command.ts';
import { reachableUrl, ticketLink } from './local-address.ts';
import type { Terminal } from './terminal.ts';
import type { ServingFacts } from './workers/messages.ts';

/** `workers`: the number of processes that serve together. */
export function printServing({ terminal, json }: CommandInput, facts: ServingFacts, workers = 1): void {
  const { server, accounts, keys, newAdminToken: adminToken } = facts;
  const { url, port, adminUrl } = server;
  if (!json) terminal.say(banner(terminal, facts, workers));
  else
    printJson(terminal, {
      ...{ event: 'serving', url, port, accounts, keys, adminToken },
      ...(adminUrl !== url && { adminUrl }),
      ...(workers > 1 && { workers }),
    });
}

function banner(terminal: Terminal, facts: ServingFacts, workers: number): string {
  const { server, accounts, keys, isLocalMode, newAdminToken, ticket } = facts;
  const { url } = server;
  const access = isLocalMode
    ? 'local mode: this machine only, any key is accepted'
    : `${keys} API key${keys === 1 ? '' : 's'}`;
  const lines = [
    `${terminal.style('bold', 'dragoman')} serves ${terminal.style('cyan', url)}`,
    `  access    ${access}`,
    `  accounts  ${accounts.ready} of ${accounts.total} ready`,
    ...(workers > 1 ? [`  workers   ${workers}`] : []),
    ...consoleLines(terminal, server.adminUrl, ticket),
    `  Claude Code   ANTHROPIC_BASE_URL=${reachableUrl(url)}`,
    `  OpenAI SDKs   OPENAI_BASE_URL=${reachableUrl(url)}/v1`,
  ];
  if (newAdminToken !== undefined) {
    lines.push(
      `  admin token   ${terminal.style('bold', newAdminToken)}`,
      '                shown only once; for the console and the admin API',
    );
  }
  return [...lines, ...advice(terminal, facts)].map((line) => `${line}\n`).join('');
}

/** `ticket`: only on a terminal, since a log outlives it and is read by others. */
function consoleLines(terminal: Terminal, adminUrl: string, ticket: string | undefined): readonly string[] {
  const url = reachableUrl(adminUrl);
  if (ticket === undefined) return [`  console   ${terminal.style('cyan', url)}`];
  return [
    `  console   ${terminal.style('cyan', ticketLink(url, ticket))}`,
    '            signs one browser in, within five minutes; `dragoman console` makes another link',
  ];
}

function advice(
  terminal: Terminal,
  { accounts: { ready, total }, keys, isLocalMode }: ServingFacts,
): readonly string[] {
  if (keys === 0 && !isLocalMode) {
    const problem = terminal.style('yellow', 'Every API key is revoked or has expired,');
    return ['', `${problem} so all requests are rejected. Create one with \`dragoman keys create NAME\`.`];
  }
  if (total === 0) {
    return [
      '',
      `${terminal.style('yellow', 'No account yet.')} Sign in in the console or with \`dragoman login\`, or import the sign-ins of Kiro CLI,`,
      'Amazon Q CLI and others with `dragoman accounts import`; no restart is needed.',
    ];
  }
  if (ready > 0) return [];
  return [
    '',
    `${terminal.style('yellow', 'No account is ready.')} If this persists, sign in again with \`dragoman login\`.`,
  ];
}
