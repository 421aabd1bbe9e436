/** `/v2/imports`: sign-ins of other programs on the gateway's machine. */
import { importStatusOf } from '../../accounts/imports/import-status.ts';
import { GatewayError } from '../../core/errors.ts';
import { toAccountView } from './account-view.ts';
import { importAnswer, importList, importSelection } from './contract/import.ts';
import { toFoundSignIn } from './import-view.ts';
import { findProfiles } from './new-account.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerImports(app: AdminApp, parts: AdminParts): void {
  const { clock } = parts;
  app.get(
    '/v2/imports',
    {
      schema: {
        summary: "Find other programs' sign-ins on the gateway's machine",
        description:
          'Those of Kiro IDE, Kiro CLI, Amazon Q CLI, the AWS SSO cache and codewhisperer-proxy. Nothing is stored.',
        response: { 200: importList },
      },
    },
    async () => ({ found: (await find(parts)).map(({ finding, status }) => toFoundSignIn(finding, status)) }),
  );
  app.post(
    '/v2/imports',
    {
      schema: {
        summary: 'Import sign-ins that were found',
        body: importSelection,
        response: { 201: importAnswer },
      },
    },
    async ({ body, exchange }, reply) => {
      const found = await find(parts);
      const chosen = body.ids.map((id) => usable(found, id));
      const imported: string[] = [];
      for (const account of chosen) {
        const added = await parts.accounts.add(account);
        await findProfiles(parts, added, exchange.gone.signal);
        imported.push(added.id);
      }
      reply.code(201);
      const accounts = parts.accounts.list().filter(({ id }) => imported.includes(id));
      return { accounts: accounts.map((account) => toAccountView(account, clock.now())) };
    },
  );
}

type Found = Awaited<ReturnType<typeof find>>[number];

async function find({ findSignIns, accounts }: AdminParts) {
  const findings = await findSignIns();
  return findings.map((finding) => ({ finding, status: importStatusOf(finding, accounts.list()) }));
}

/** Throws `invalid_request`: nothing is imported if one of them cannot be. */
function usable(found: readonly Found[], id: string) {
  const entry = found.find(
    ({ finding, status }) => finding.id === id || (status.type !== 'unusable' && status.account.id === id),
  );
  if (entry?.status.type === 'new') return entry.status.account;
  const shown = JSON.stringify(id.slice(0, 100));
  const problem =
    entry === undefined
      ? 'was not found on this machine. GET /v2/imports lists what is'
      : entry.status.type === 'known'
        ? 'is stored already'
        : `cannot be imported: ${entry.status.problem.message}`;
  throw new GatewayError('invalid_request', `The sign-in ${shown} ${problem}.`, { param: 'ids' });
}
