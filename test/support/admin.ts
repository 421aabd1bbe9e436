/** The admin API as a script uses it; every answer is checked against its schema and kept. */
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Log } from '../../src/core/log.ts';
import type { AccountView } from '../../src/http/admin/contract/account.ts';
import { type AdminError, adminError } from '../../src/http/admin/contract/common.ts';
import type { FoundSignIn } from '../../src/http/admin/contract/import.ts';
import type { KeyView } from '../../src/http/admin/contract/key.ts';
import type { AccountUsage, ModelView, SettingView } from '../../src/http/admin/contract/overview.ts';
import type { RequestDetailView, RequestView } from '../../src/http/admin/contract/request.ts';
import type { SessionAnswer } from '../../src/http/admin/contract/session.ts';
import type { HistoryBucket } from '../../src/http/admin/contract/usage-history.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/server.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { ADMIN_ROUTES } from './admin-routes.ts';
import { LOCAL_MODE, NO_ACCOUNT, startTestGateway, WITH_LEDGER } from './test-gateway.ts';

export const ADMIN_TOKEN = 'marked-admin-token-0123456789';

/** The members of all answers: a test reads only those of its route, whose schema has been checked. */
interface Answers {
  readonly account: AccountView;
  readonly accounts: readonly (AccountView & AccountUsage)[];
  readonly profiles: readonly { readonly arn: string; readonly name: string }[];
  readonly found: readonly FoundSignIn[];
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
  readonly requests: readonly RequestView[];
  readonly nextCursor: string | null;
  readonly request: RequestDetailView;
  readonly buckets: readonly HistoryBucket[];
  readonly session: SessionAnswer['session'];
  readonly csrfToken: SessionAnswer['csrfToken'];
  readonly error: AdminError['error'];
}

interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Answers;
}

export interface AdminGateway {
  readonly url: string;
  readonly simulator: Simulator;
  /** Every answer so far, with its headers. */
  readonly answers: readonly string[];
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<AdminAnswer>;
  stop(): Promise<void>;
}

export interface AdminGatewayOptions {
  readonly simulator?: Simulator | SimulatorOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A gateway whose admin token is known; it checks no API key, has no account and records requests, unless `env` sets them. */
export async function startAdminGateway(options: AdminGatewayOptions = {}): Promise<AdminGateway> {
  const { env, clock = systemClock, log, simulator: choice = {} } = options;
  const gateway = await startTestGateway({
    ...('approve' in choice ? { simulator: choice } : choice),
    env: { ...NO_ACCOUNT, ...LOCAL_MODE, ...WITH_LEDGER, DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, ...env },
    gatewayClock: clock,
    ...(log && { log }),
  });
  onTestFinished(gateway.close);
  const answers: string[] = [];
  return {
    url: gateway.url,
    simulator: gateway.simulator,
    answers,
    stop: gateway.close,
    async ask(method, path, body, headers = {}) {
      const response = await fetch(`${gateway.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      answers.push(`${[...response.headers].join('\n')}\n${text}`);
      // Exports may have another format.
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      const json: unknown = isJson ? JSON.parse(text) : undefined;
      if (isJson) checkAnswer(method, path, response.status, json);
      // Checked against the schema of its route just now.
      return { status: response.status, headers: response.headers, text, body: json as Answers };
    },
  };
}

/** Throws if an answer differs from the schema of its route. */
function checkAnswer(method: string, path: string, status: number, json: unknown): void {
  if (status >= 400) {
    adminError().parse(json);
    return;
  }
  const route = ADMIN_ROUTES.find((candidate) => {
    return candidate.method === method && new RegExp(`^${candidate.path.replace(/:\w+/, '[^/]+')}(?:[?]|$)`).test(path);
  });
  if (route) route.answer.parse(json);
}
