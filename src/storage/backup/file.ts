/**
 * The lines of a backup. The first is JSON and says what the file is; each further one is encrypted with the secret key and
 * bound to the first line and to its place, so that lines cannot be left out, repeated or mixed. The last says that it is.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { createSeal, type Seal } from '../seal.ts';
import { keyFromSetting, readKeyFile } from '../secret-key.ts';
import type { Cell, Row } from './tables.ts';

const FORMAT = 'dragoman backup 1';

const headSchema = z.object({
  format: z.literal(FORMAT),
  id: z.string(),
  createdAt: z.string(),
  /** The newest migrations of the database and of its ledger. */
  schema: z.number(),
  ledgerSchema: z.number(),
});
export type BackupHead = z.infer<typeof headSchema>;

/** Some rows of one table, or the end. */
export type BackupPart =
  | { readonly type: 'rows'; readonly table: string; readonly rows: readonly Row[] }
  | { readonly type: 'end' };

export function createHead(nowMs: number, schemas: Pick<BackupHead, 'schema' | 'ledgerSchema'>): string {
  const id = randomBytes(12).toString('hex');
  return JSON.stringify({
    format: FORMAT,
    id,
    createdAt: new Date(nowMs).toISOString(),
    ...schemas,
  } satisfies BackupHead);
}

/** Throws `invalid_request` if the file is not a backup. */
export function readHead(line: string): BackupHead {
  try {
    return headSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new GatewayError('invalid_request', 'This file is not a backup that `dragoman backup` has written.', {
      cause,
    });
  }
}

/** Turns parts into lines and back, in order. */
export class BackupSeal {
  readonly #seal: Seal;
  readonly #place: string;
  #line = 0;

  constructor(seal: Seal, head: string) {
    this.#seal = seal;
    this.#place = `backup/${createHash('sha256').update(head).digest('hex')}`;
  }

  close(part: BackupPart): string {
    const text = JSON.stringify(part.type === 'end' ? part : { ...part, rows: part.rows.map(toJson) });
    return Buffer.from(this.#seal.close(this.#nextPlace(), text)).toString('base64');
  }

  /** Throws `storage_unavailable` for a wrong key and for a line that is damaged or in another place. */
  open(line: string): BackupPart {
    const part = JSON.parse(this.#seal.open(this.#nextPlace(), Buffer.from(line, 'base64')));
    return part.type === 'end' ? part : { ...part, rows: part.rows.map(fromJson) };
  }

  #nextPlace(): string {
    this.#line++;
    return `${this.#place}/${this.#line}`;
  }
}

/**
 * Throws before anything is created or changed: `invalid_request` if this is not a backup, `storage_unavailable` if the key of
 * this gateway is not the one that encrypted it. `lines`: the first two.
 */
export function checkBackup(
  [head = '', first = '']: readonly string[],
  { secretKey, home }: { readonly secretKey: string | undefined; readonly home: string },
): BackupHead {
  const backup = readHead(head);
  const key = secretKey === undefined ? readKeyFile(home) : keyFromSetting(secretKey);
  try {
    if (key) new BackupSeal(createSeal(key), head).open(first);
  } catch (cause) {
    throw wrongKey('is encrypted with another secret key, or damaged', home, cause);
  }
  if (!key) throw wrongKey('is encrypted, and this gateway has no secret key yet', home);
  return backup;
}

function wrongKey(what: string, home: string, cause?: unknown): GatewayError {
  const message =
    `The backup ${what}. Nothing was changed. Set DRAGOMAN_SECRET_KEY to the key of the gateway that wrote it, or copy its ` +
    `file secret.key to ${home}.`;
  return new GatewayError('storage_unavailable', message, { cause });
}

type JsonCell = Exclude<Cell, Uint8Array> | { readonly base64: string };

function toJson(row: Row): Record<string, JsonCell> {
  const entries = Object.entries(row).map(([name, cell]): [string, JsonCell] => [
    name,
    cell instanceof Uint8Array ? { base64: Buffer.from(cell).toString('base64') } : cell,
  ]);
  return Object.fromEntries(entries);
}

function fromJson(row: Record<string, JsonCell>): Row {
  const entries = Object.entries(row).map(([name, cell]): [string, Cell] => [
    name,
    cell !== null && typeof cell === 'object' ? Buffer.from(cell.base64, 'base64') : cell,
  ]);
  return Object.fromEntries(entries);
}
