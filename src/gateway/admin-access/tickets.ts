/** One-time tickets: a link made beside the database signs a browser in, once and for a short time. */
import type { Clock } from '../../core/clock.ts';
import type { TicketStore } from './ports.ts';
import { equalHashes, generateToken, readToken, sha256, writeToken } from './two-part-token.ts';

export const TICKET_LIFETIME_MS = 300_000;
const MAX_TICKETS = 20;

/** The only time that the ticket is returned. Throws `storage_unavailable`. */
export async function createTicket(store: TicketStore, clock: Pick<Clock, 'now'>): Promise<string> {
  const token = generateToken();
  const nowMs = clock.now();
  const ticket = { id: token.id, hash: sha256(token.secret), expiresAtMs: nowMs + TICKET_LIFETIME_MS };
  await store.add(ticket, nowMs, MAX_TICKETS);
  return writeToken(token);
}

/** True once for each ticket, until it expires. Throws `storage_unavailable`. */
export async function redeemTicket(store: TicketStore, presented: string, clock: Pick<Clock, 'now'>): Promise<boolean> {
  const token = readToken(presented);
  const ticket = token && (await store.find(token.id));
  if (!token || !ticket || !equalHashes(ticket.hash, sha256(token.secret))) return false;
  return (await store.remove(ticket.id)) && clock.now() < ticket.expiresAtMs;
}
