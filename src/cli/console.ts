/** `dragoman console`: opens the console in the browser, signed in by a one-time link. */
import { type Command, printJson, UsageError } from './command.ts';
import { givenUrl } from './given-url.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const consoleCommand: Command = {
  name: 'console',
  summary: 'Open the console in the browser with a one-time link',
  options: [
    ...settingOptions('host', 'port', 'database'),
    { flag: '--url <address>', meaning: 'address of the gateway, if it is not the one of these settings' },
    { flag: '--no-open', meaning: 'only print the link' },
  ],
  examples: [
    'dragoman console',
    'dragoman console --no-open',
    'dragoman console --url https://dragoman.example.com --json | jq -r .link',
  ],
  async run(input) {
    const { terminal, json, options } = input;
    await using opened = await openGateway(input);
    const { settings, store } = opened;
    if (settings.databaseUrl === 'sqlite::memory:')
      throw new UsageError(
        'A gateway with an in-memory database cannot be reached by another process. Use the link that `dragoman serve` printed.',
      );
    const [{ createTicket, TICKET_LIFETIME_MS }, { consoleUrl, ticketLink }, { isGraphical, openBrowser }, clock] =
      await Promise.all([
        import('../gateway/admin-access/tickets.ts'),
        import('./local-address.ts'),
        import('./browser.ts'),
        import('../transport/clock.ts'),
      ]);
    const url = givenUrl(input) ?? consoleUrl(settings);
    const link = ticketLink(url, await createTicket(store.tickets, clock.systemClock));
    await opened.record({ action: 'ticket.create', target: undefined, changes: [] });
    const isOpened = !json && options.open !== false && isGraphical(process.env);
    if (isOpened) openBrowser(link);
    if (json) {
      printJson(terminal, { url, link, expiresInSeconds: TICKET_LIFETIME_MS / 1000 });
      return 0;
    }
    terminal.out(`${link}\n`);
    terminal.err(
      `${isOpened ? 'Opening the console. If no browser appears, open' : 'Open'} this link within five minutes; it works once.\n`,
    );
    return 0;
  },
};
