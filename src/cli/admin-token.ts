/** `dragoman admin-token …`: for an operator who lost the admin token. */
import { type Command, type CommandGroup, printJson, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

const reset: Command = {
  name: 'reset',
  summary: 'Replace the admin token and show the new one once',
  options: settingOptions('database'),
  examples: ['dragoman admin-token reset', 'dragoman admin-token reset --json | jq -r .adminToken'],
  async run(input) {
    const { terminal, json } = input;
    await using opened = await openGateway(input);
    const { adminToken, databaseUrl } = opened.settings;
    if (adminToken !== undefined)
      throw new UsageError(
        'The admin token is set by DRAGOMAN_ADMIN_TOKEN, so it cannot be reset here. Change that setting and restart.',
      );
    if (databaseUrl === 'sqlite::memory:')
      throw new UsageError('An in-memory database keeps no admin token. Pass the database with --database.');
    const { resetAdminToken } = await import('../gateway/admin-token.ts');
    const { adminToken: tokens, sessions, tickets } = opened.store;
    const token = await resetAdminToken(tokens);
    // The new token ends them already; this also removes what a thief could have added.
    await Promise.all([sessions.removeAll(), tickets.removeAll()]);
    await opened.record({ action: 'admin-token.reset', target: undefined, changes: [] });
    if (json) {
      printJson(terminal, { adminToken: token });
      return 0;
    }
    terminal.out(`${terminal.style('bold', token)}\n`);
    terminal.err(
      'This is the new admin token; it is not shown again. Gateways running on this database accept it now and refuse ' +
        'the old one; every session of the console has ended. A gateway started with DRAGOMAN_ADMIN_TOKEN keeps that token.\n',
    );
    return 0;
  },
};

export const adminToken: CommandGroup = {
  name: 'admin-token',
  summary: 'Reset the admin token',
  commands: [reset],
};
