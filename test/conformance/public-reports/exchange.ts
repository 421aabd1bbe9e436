/** One request through the complete program: the client's answer, the request upstream, and the adjustments. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { Log } from '../../../src/core/log.ts';
import type { RecordedRequest } from '../../../src/simulator/journal.ts';
import type { ScriptedReply } from '../../../src/simulator/script.ts';
import type { SimulatorOptions } from '../../../src/simulator/server.ts';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.ts';
import { type Endpoint, type Outcome, readAnswer } from './endpoints.ts';
import { ChatRequest } from './upstream.ts';

export interface Exchange extends Outcome {
  readonly status: number;
  readonly streamed: boolean;
  /** Rules of `x-dragoman-adjustments`. */
  readonly header: readonly string[];
  /** Rules in the log, including those noted after the reply has ended. */
  readonly noted: readonly string[];
  /** The request's log line, as JSON. */
  readonly logLine: string;
  /** Chat requests that reached the service, including refused ones. */
  readonly upstream: readonly ChatRequest[];
}

interface LogLine {
  /** Only log lines of requests have it. */
  readonly durationMs?: number;
  readonly adjustments?: readonly string[];
}

export class ReportBench {
  #gateway: TestGateway | undefined;
  readonly #lines: LogLine[] = [];

  constructor(options: SimulatorOptions & { readonly env?: Readonly<Record<string, string>> } = {}) {
    beforeAll(async () => {
      this.#gateway = await startTestGateway({ ...options, log: this.#log() });
    });
    afterAll(() => this.#gateway?.close());
  }

  get simulator() {
    if (!this.#gateway) throw new Error('The gateway is started by beforeAll.');
    return this.#gateway.simulator;
  }

  /** Sets every answer of the service from now on. */
  script(...replies: readonly ScriptedReply[]): void {
    this.simulator.clearReplies();
    this.simulator.addReplies(...replies);
  }

  /** The only chat request that reached the service. Fails if there was none or more than one. */
  async send(
    endpoint: Endpoint,
    body: object,
    streamed: boolean,
    headers: Record<string, string> = {},
  ): Promise<Exchange> {
    const { url, apiKey } = this.#gateway ?? { url: '', apiKey: '' };
    const requestsBefore = this.simulator.chatRequests.length;
    const linesBefore = this.#lines.length;
    const response = await fetch(`${url}${endpoint.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}`, ...headers },
      body: JSON.stringify({ ...body, ...(streamed ? { stream: true } : {}) }),
    });
    const text = await response.text();
    const line = await this.#lineAfter(linesBefore);
    const recorded: readonly RecordedRequest[] = this.simulator.chatRequests.slice(requestsBefore);
    return {
      ...readAnswer(endpoint, response.status, response.headers.get('content-type') ?? '', text),
      status: response.status,
      streamed,
      header: rulesOf((response.headers.get('x-dragoman-adjustments') ?? '').split('; ')),
      noted: rulesOf(line.adjustments ?? []),
      logLine: JSON.stringify(line),
      upstream: recorded.map((request) => new ChatRequest(request)),
    };
  }

  #log(): Log {
    const add = (fields: object) => void this.#lines.push(fields);
    return { debug() {}, info: add, warn: add, error: add };
  }

  /** The log line is written after the connection has ended, possibly after the client's read. */
  async #lineAfter(count: number): Promise<LogLine> {
    for (;;) {
      const line = this.#lines.slice(count).find(({ durationMs }) => durationMs !== undefined);
      if (line) return line;
      await setImmediate();
    }
  }
}

function rulesOf(notes: readonly string[]): string[] {
  return notes.flatMap((note) => /^[a-z0-9-]+/.exec(note)?.[0] ?? []);
}
