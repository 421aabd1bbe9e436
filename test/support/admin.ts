/** The admin API as a script uses it, with every answer held against its schema and remembered. */
import { onTestFinished } from 'vitest';
import { startServing } from '../../src/compose-server.ts';
import { loadSettings } from '../../src/config.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import type { AccountView } from '../../src/http/admin/contract/account.ts';
import { type AdminError, adminError } from '../../src/http/admin/contract/common.ts';
import type { KeyView } from '../../src/http/admin/contract/key.ts';
import type { AccountUsage, ModelView, SettingView } from '../../src/http/admin/contract/overview.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/index.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { ADMIN_ROUTES } from './admin-routes.ts';
import { createSimulator, environmentFor } from './gateway.ts';

export const ADMIN_TOKEN = 'canary-admin-token-0123456789';

/** What answers hold, all in one: a test reads only what the answer to its question has, and the schema has been checked. */
interface Answers {
  readonly account: AccountView;
  readonly accounts: readonly (AccountView & AccountUsage)[];
  readonly profiles: readonly { readonly arn: string; readonly name: string }[];
  readonly key: KeyView;
  readonly keys: readonly KeyView[];
  readonly secret: string;
  readonly authId: string;
  readonly userCode: string;
  readonly verificationUrl: string;
  readonly verificationUriComplete: string;
  readonly verificationUri: string;
  readonly expiresIn: number;
  readonly interval: number;
  readonly status: string;
  readonly models: readonly ModelView[];
  readonly settings: readonly SettingView[];
  readonly error: AdminError['error'];
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Answers;
}

export interface Administered {
  readonly url: string;
  readonly simulator: Simulator;
  /** Every answer so far, headers and all. */
  readonly heard: readonly string[];
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  stop(): Promise<void>;
}

export interface AdministeredOptions {
  readonly simulator?: Simulator | SimulatorOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A whole gateway whose admin token is known. Without an account unless `env` names one. */
export async function startAdministered(options: AdministeredOptions = {}): Promise<Administered> {
  const { env = {}, clock = systemClock, log = SILENT } = options;
  const given = options.simulator ?? {};
  const simulator = 'approve' in given ? given : await createSimulator(given);
  const {
    DRAGOMAN_REFRESH_TOKEN: _,
    DRAGOMAN_CLIENT_ID: _id,
    DRAGOMAN_CLIENT_SECRET: _secret,
    ...places
  } = environmentFor(simulator.url);
  const { settings, origins } = loadSettings({ ...places, DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, ...env });
  const { server, stop } = await startServing(settings, log, { clock }, origins);
  let isStopped = false;
  const stopOnce = async () => {
    if (!isStopped) await stop();
    isStopped = true;
  };
  onTestFinished(stopOnce);
  const heard: string[] = [];
  return {
    url: server.url,
    simulator,
    heard,
    stop: stopOnce,
    async ask(method, path, body, headers = {}) {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      heard.push(`${[...response.headers].join('\n')}\n${text}`);
      const json: unknown = text === '' ? undefined : JSON.parse(text);
      checkAnswer(method, path, response.status, json);
      // Checked against the schema of its route just now.
      return { status: response.status, headers: response.headers, text, body: json as Answers };
    },
  };
}

/** Throws when an answer is none of those which the reference promises. */
function checkAnswer(method: string, path: string, status: number, json: unknown): void {
  if (status >= 400) {
    adminError.parse(json);
    return;
  }
  const route = ADMIN_ROUTES.find((candidate) => {
    return candidate.method === method && new RegExp(`^${candidate.path.replace(/:\w+/, '[^/]+')}(?:[?]|$)`).test(path);
  });
  if (route) route.answer.parse(json);
}
