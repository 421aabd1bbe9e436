/**
 * What a gateway keeps of each request, in its smallest form: a line of the log, and a row of the ledger with its hourly sums.
 * Both are written in batches, as dragoman does.
 */
import { createHash, randomUUID } from 'node:crypto';
import { write } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const STANDARD_ERROR = 2;
const LOG_AFTER_MS = 20;
const STORE_AFTER_MS = 400;
const HOUR_MS = 3_600_000;

const SCHEMA = `
  create table requests (id integer primary key, received_ms integer, group_id integer, request_id text, details text);
  create index by_time on requests (received_ms, group_id);
  create index by_id on requests (request_id);
  create table hours (start_ms integer, group_id integer, requests integer, output_tokens integer, duration_ms integer,
    primary key (start_ms, group_id));`;

export interface FinishedRequest {
  readonly receivedMs: number;
  readonly key: string;
  readonly protocol: string;
  readonly model: string;
  readonly status: number;
  readonly durationMs: number;
  readonly firstByteMs: number;
  readonly outputTokens: number;
}

export class FloorRecords {
  readonly #database = new DatabaseSync(':memory:');
  readonly #insert;
  readonly #add;
  #lines: string[] = [];
  #rows: FinishedRequest[] = [];

  constructor() {
    this.#database.exec(SCHEMA);
    this.#insert = this.#database.prepare(
      'insert into requests (received_ms, group_id, request_id, details) values (?, ?, ?, ?)',
    );
    this.#add = this.#database.prepare(
      `insert into hours values (?, ?, ?, ?, ?) on conflict do update set requests = requests + excluded.requests,
        output_tokens = output_tokens + excluded.output_tokens, duration_ms = duration_ms + excluded.duration_ms`,
    );
  }

  add(request: FinishedRequest): void {
    const line = { level: 30, time: Date.now(), ...request, msg: 'request completed' };
    if (this.#lines.push(`${JSON.stringify(line)}\n`) === 1) setTimeout(() => this.#writeLines(), LOG_AFTER_MS);
    if (this.#rows.push(request) === 1) setTimeout(() => this.#store(), STORE_AFTER_MS);
  }

  #writeLines(): void {
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    write(STANDARD_ERROR, bytes, 0, bytes.length, null, () => {});
  }

  #store(): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#database.exec('begin');
    for (const row of rows) {
      const { receivedMs, key, protocol, model, outputTokens, durationMs } = row;
      const group = groupOf(`${key} ${protocol} ${model}`);
      this.#insert.run(receivedMs, group, randomUUID(), JSON.stringify(row));
      this.#add.run(receivedMs - (receivedMs % HOUR_MS), group, 1, outputTokens, durationMs);
    }
    this.#database.exec('commit');
  }
}

const groups = new Map<string, number>();

function groupOf(text: string): number {
  let group = groups.get(text);
  if (group === undefined) {
    group = createHash('sha256').update(text).digest().readUInt32LE();
    groups.set(text, group);
  }
  return group;
}
