/** Collects the requests of clients of the simulator, and keeps a wire report of them in a file. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { buildWireReport, type WireRequest } from '../../capsules/wire-report/report.ts';
import type { RecordedRequest } from '../../simulator/journal.ts';
import { VERSION } from '../../version.ts';
import { ownRequests } from './own-requests.ts';

/** More of a kind say nothing new. */
const MAX_REQUESTS = 200;
const WRITTEN_AT_ONCE = 10;
const MAX_BODY_CHARS = 4 * 1024 * 1024;
/** Requests that sign a user in have nothing but secrets. */
const SIGN_IN = /^\/(?:client|device_authorization|token|authorize|start|login|signin|oauth|refreshToken)\b|\/oauth2\//;

export class WireRecorder {
  readonly #file: string;
  readonly #requests: WireRequest[] = [];
  readonly #own = ownRequests();
  readonly #salt = randomBytes(32).toString('base64');

  /** Writes the file at once, so that one that cannot be written is known at the start. Throws the file system's error. */
  constructor(file: string) {
    this.#file = file;
    this.write();
  }

  get count(): number {
    return this.#requests.length;
  }

  readonly take = (request: RecordedRequest): void => {
    const { method, path, query, rawHeaders, rawBody, operation } = request;
    if (this.#requests.length >= MAX_REQUESTS || rawBody.length > MAX_BODY_CHARS || SIGN_IN.test(path)) return;
    this.#requests.push({ method, path, query, headers: rawHeaders, body: rawBody, operation });
    // The whole report is made again each time.
    if (this.#requests.length <= WRITTEN_AT_ONCE || this.#requests.length % WRITTEN_AT_ONCE === 0) this.write();
  };

  /** Throws the file system's error. */
  write(): void {
    const report = buildWireReport(this.#requests, this.#own, { version: VERSION, salt: this.#salt });
    writeFileSync(this.#file, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
  }
}
