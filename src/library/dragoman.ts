/** The gateway without its server, for programs which want answers and not an address. */
import { randomUUID } from 'node:crypto';
import type { Account } from '../accounts/ports.ts';
import type { SignInRequest } from '../accounts/sign-in/place.ts';
import { composeGateway } from '../compose.ts';
import { loadSettings, type Settings } from '../config.ts';
import type { Reply } from '../core/collect.ts';
import type { Conversation } from '../core/conversation.ts';
import { type Log, SILENT } from '../core/log.ts';
import type { Catalogue } from '../core/models.ts';
import type { Gateway } from '../gateway/ports.ts';
import { ask, type Question, type ReplyStream, textIn } from './ask.ts';

export interface DragomanOptions {
  /** Where settings come from: the variables of docs/settings.md. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Settings by name, over those of the environment: `{ databaseUrl: 'sqlite::memory:' }`. */
  readonly settings?: Partial<Settings>;
  /** Nothing is logged without one. */
  readonly log?: Log;
}

export interface AskOptions {
  /** Aborting it stops the upstream. */
  readonly signal?: AbortSignal;
}

/** An account as it may be shown: no secrets in it. */
export interface AccountSummary {
  readonly id: string;
  readonly label: string;
  readonly kind: Account['credential']['kind'];
  readonly source: Account['source']['type'];
  /** `ready`, or what keeps it from being. */
  readonly status: Account['health']['state']['status'];
}

export interface PendingSignIn {
  /** For the person to open, with the code already in it where the service offers that. */
  readonly verificationUrl: string;
  readonly userCode: string;
  readonly expiresAt: Date;
  /** Resolves when the person has said yes; the account is stored and in use then. */
  wait(options?: AskOptions): Promise<AccountSummary>;
}

export interface WholeReply extends Reply {
  /** All text blocks together. */
  readonly text: string;
}

/** A prompt, a prompt with a model and instructions, or a whole conversation. */
export type Asked = string | Question | Conversation;

export interface Dragoman extends AsyncDisposable {
  /** Signs in with a code: Builder ID, an organisation with its start URL, or Kiro (`social`). */
  signIn(options?: SignInRequest & AskOptions): Promise<PendingSignIn>;
  accounts(): readonly AccountSummary[];
  /** False when there is none of that id. */
  removeAccount(id: string): Promise<boolean>;
  /** Resolves when the model has begun to answer. */
  stream(asked: Asked, options?: AskOptions): Promise<ReplyStream>;
  reply(asked: Asked, options?: AskOptions): Promise<WholeReply>;
  models(options?: AskOptions): Promise<Catalogue>;
  /** What all of this is made of. */
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/** Rejects with SettingsError or GatewayError, each saying what to do. */
export async function createDragoman(options: DragomanOptions = {}): Promise<Dragoman> {
  const { env = process.env, log = SILENT } = options;
  const loaded = loadSettings(env);
  for (const warning of loaded.warnings) log.warn({}, warning);
  const settings: Settings = { ...loaded.settings, ...options.settings };
  const composed = await composeGateway(settings, log);
  const { gateway, accounts } = composed;
  const stream = (asked: Asked, { signal }: AskOptions = {}) =>
    ask(gateway, `lib_${randomUUID()}`, asked, signal ?? NEVER);

  return {
    gateway,
    stream,
    async reply(asked, asking) {
      const reply = await (await stream(asked, asking)).whole();
      return { ...reply, text: textIn(reply) };
    },
    models: ({ signal } = {}) => gateway.models(signal ?? NEVER),
    accounts: () => accounts.list().map(summaryOf),
    removeAccount: (id) => accounts.remove(id),
    async signIn({ signal, ...place } = {}) {
      const { verificationUrl, userCode, expiresAtMs, wait } = await composed.signIn(place, signal ?? NEVER);
      return {
        verificationUrl,
        userCode,
        expiresAt: new Date(expiresAtMs),
        wait: async (waiting) => summaryOf(await wait(waiting?.signal ?? signal ?? NEVER)),
      };
    },
    close: () => composed.close(),
    [Symbol.asyncDispose]: () => composed.close(),
  };
}

const NEVER = new AbortController().signal;

function summaryOf({ id, label, credential, source, health }: Account): AccountSummary {
  return { id, label, kind: credential.kind, source: source.type, status: health.state.status };
}
