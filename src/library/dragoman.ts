/** The gateway without its server, for use inside another program. */
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
  /** Default: no logging. */
  readonly log?: Log;
}

export interface AskOptions {
  /** Aborting it cancels the upstream request. */
  readonly signal?: AbortSignal;
}

/** An account without its secrets. */
export interface AccountSummary {
  readonly id: string;
  readonly label: string;
  readonly kind: Account['credential']['kind'];
  readonly source: Account['source']['type'];
  /** `ready`, or why the account is not. */
  readonly status: Account['health']['state']['status'];
}

export interface PendingSignIn {
  /** The page that the person opens, with the code in it if the service offers that. */
  readonly verificationUrl: string;
  readonly userCode: string;
  readonly expiresAt: Date;
  /** Resolves when the person has confirmed and the account is stored and in use. */
  wait(options?: AskOptions): Promise<AccountSummary>;
}

export interface WholeReply extends Reply {
  /** All text blocks, joined. */
  readonly text: string;
}

/** A prompt, a prompt with a model and instructions, or a whole conversation. */
export type Prompt = string | Question | Conversation;

export interface Dragoman extends AsyncDisposable {
  /** Signs in with a code: Builder ID, an organisation with its start URL, or Kiro (`social`). */
  signIn(options?: SignInRequest & AskOptions): Promise<PendingSignIn>;
  accounts(): readonly AccountSummary[];
  /** False if there is no account with this id. */
  removeAccount(id: string): Promise<boolean>;
  /** Resolves when the model starts to answer. */
  stream(question: Prompt, options?: AskOptions): Promise<ReplyStream>;
  reply(question: Prompt, options?: AskOptions): Promise<WholeReply>;
  models(options?: AskOptions): Promise<Catalogue>;
  /** The gateway behind these methods. */
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/** Rejects with SettingsError or GatewayError, with a message that says what to do. */
export async function createDragoman(options: DragomanOptions = {}): Promise<Dragoman> {
  const { env = process.env, log = SILENT } = options;
  const loaded = loadSettings(env);
  for (const warning of loaded.warnings) log.warn({}, warning);
  const settings: Settings = { ...loaded.settings, ...options.settings };
  const composed = await composeGateway(settings, log);
  const { gateway, accounts } = composed;
  const stream = (question: Prompt, { signal }: AskOptions = {}) =>
    ask(gateway, `lib_${randomUUID()}`, question, signal ?? NEVER);

  return {
    gateway,
    stream,
    async reply(question, options) {
      const reply = await (await stream(question, options)).whole();
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
