/** A command's access to the admin API of a running gateway: with the admin token of the settings, or a one-time ticket. */
import type { CommandInput } from './command.ts';
import { UsageError } from './command.ts';
import { consoleUrl } from './local-address.ts';
import { openGateway } from './open-gateway.ts';

const TIMEOUT_MS = 30_000;

/** Returns the body of the answer. Throws with the gateway's own message if it refuses, and if there is none. */
export async function readFromGateway(input: CommandInput, path: string, url: string | undefined): Promise<string> {
  await using opened = await openGateway(input);
  const { settings, store } = opened;
  const base = url ?? consoleUrl(settings);
  if (settings.adminToken !== undefined)
    return ask(`${base}${path}`, { headers: { authorization: `Bearer ${settings.adminToken}` } });
  if (settings.databaseUrl === 'sqlite::memory:')
    throw new UsageError(
      'A gateway with an in-memory database admits other processes by its admin token alone. Set DRAGOMAN_ADMIN_TOKEN for both.',
    );
  const [{ createTicket }, { systemClock }] = await Promise.all([
    import('../gateway/admin-access/tickets.ts'),
    import('../transport/clock.ts'),
  ]);
  const body = JSON.stringify({ ticket: await createTicket(store.tickets, systemClock) });
  const signedIn = await send(`${base}/v2/session`, { method: 'POST', body });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { csrfToken }: { csrfToken?: string } = Object(await signedIn.json());
  try {
    return await ask(`${base}${path}`, { headers: { cookie } });
  } finally {
    const headers = { cookie, 'x-dragoman-csrf': csrfToken ?? '' };
    await send(`${base}/v2/session`, { method: 'DELETE', headers }).catch(() => {});
  }
}

async function ask(url: string, init: RequestInit): Promise<string> {
  return (await send(url, init)).text();
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' }).catch(
    (cause: unknown) => {
      const { origin } = new URL(url);
      throw new Error(
        `No gateway responds at ${origin}. Start it with \`dragoman serve\`, or pass another address with --url.`,
        { cause },
      );
    },
  );
  if (response.ok) return response;
  const { error }: { error?: { message?: string } } = Object(await response.json().catch(() => undefined));
  throw new Error(error?.message ?? `The gateway answered ${response.status}.`);
}
