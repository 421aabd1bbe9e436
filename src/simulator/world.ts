/** The state of a running simulator, and its options. */
import { DEFAULT_MODELS, type SimulatedModel } from './catalogue.ts';
import { Chance } from './chance.ts';
import { DEFAULT_ACCOUNTS } from './default-accounts.ts';
import { Identities, type SimulatedAccount } from './identities.ts';
import { ScriptPlayer } from './player.ts';
import type { Recording } from './recording.ts';
import type { ClosingEvents } from './reply.ts';
import type { Script, ScriptedCompletion, ScriptedRefusal, ScriptedSearch } from './script.ts';
import { DEFAULT_SERVICE, type ServiceVariant } from './service.ts';
import { type SignInSettings, SignIns } from './sign-in/sign-ins.ts';
import { Signatures } from './signatures.ts';

export interface SimulatorOptions {
  /** Default 0: any free one. Always on 127.0.0.1. */
  readonly port?: number;
  /** Equal seeds give equal ids, cuts and fragments. */
  readonly seed?: string | number;
  readonly models?: readonly SimulatedModel[];
  /** Default: one of each kind, with the tokens of default-accounts.ts. */
  readonly accounts?: readonly SimulatedAccount[];
  readonly script?: Script;
  /** The variant of the service; missing members come from the script, then from the defaults. */
  readonly service?: ServiceVariant;
  /** Default true: also rejects what only some hosts are known to reject. */
  readonly strict?: boolean;
  /** Milliseconds since 1970; the clock for tokens, device codes and rates. */
  readonly clock?: () => number;
  /** Default false: only organisations' accounts need a profile ARN, as on the older hosts. */
  readonly requireProfileArn?: boolean;
  /** Seconds; default 3600. */
  readonly accessTokenLifeS?: number;
  /** Number of "pending" polls before a device sign-in is approved automatically; default: never. */
  readonly approveAfterPolls?: number;
  /** Minimum seconds between two polls of a device sign-in; default 1. */
  readonly pollIntervalS?: number;
  /** Default false: the browser is redirected at once. True: it shows a page to approve or deny. */
  readonly asksInBrowser?: boolean;
  /** Lifetime of a device code in seconds; default 600. */
  readonly deviceCodeLifeS?: number;
  /** Default average number of characters per fragment, if the script sets none; default 12. */
  readonly fragmentSize?: number;
  /** Pause of the built-in model after each fragment, milliseconds; default 0. */
  readonly paceMs?: number;
  /** Events after the text. Default: all except the token counts, which the service usually omits. */
  readonly closing?: Partial<ClosingEvents>;
  /** Number of latest requests kept in `requests`; default: all. */
  readonly keepRequests?: number;
  /** Played in order, one for each request, without looking at the requests. null: the connection is closed. */
  readonly recordings?: readonly (Recording | null)[];
}

export interface Settings extends SignInSettings {
  readonly strict: boolean;
  readonly requireProfileArn: boolean;
  readonly asksInBrowser: boolean;
  readonly fragmentChars: number;
  readonly paceMs: number;
  readonly closing: ClosingEvents;
}

export class World {
  readonly settings: Settings;
  readonly service: Required<ServiceVariant>;
  readonly models: readonly SimulatedModel[];
  readonly identities: Identities;
  readonly signIns: SignIns;
  readonly player: ScriptPlayer;
  readonly completions: readonly ScriptedCompletion[];
  readonly searches: readonly ScriptedSearch[] | false;
  readonly refusals: readonly ScriptedRefusal[];
  readonly signatures: Signatures;
  readonly recordings: readonly (Recording | null)[] | undefined;
  readonly chance: Chance;
  readonly now: () => number;
  readonly seed: string;
  /** Set once the server listens. */
  url = '';
  #chats = 0;
  #aheadMs = 0;

  constructor(options: SimulatorOptions) {
    this.seed = String(options.seed ?? 'dragoman');
    const clock = options.clock ?? Date.now;
    this.now = () => clock() + this.#aheadMs;
    this.settings = settingsOf(options);
    this.service = { ...DEFAULT_SERVICE, ...options.script?.service, ...options.service };
    this.recordings = options.recordings;
    this.models = options.models ?? DEFAULT_MODELS;
    this.chance = new Chance(this.seed);
    this.player = new ScriptPlayer(options.script);
    this.completions = options.script?.completions ?? [];
    this.searches = options.script?.searches ?? [];
    this.refusals = options.script?.refusals ?? [];
    this.signatures = new Signatures(this.seed);
    const lifeS = options.accessTokenLifeS ?? 3600;
    this.identities = new Identities(options.accounts ?? DEFAULT_ACCOUNTS, this.chance, this.now, lifeS);
    this.signIns = new SignIns(this.identities, this.chance, this.now, this.settings);
  }

  /** The model that `auto` stands for. */
  get routedModelId(): string {
    const routed = this.models.find(({ modelId }) => modelId === 'claude-sonnet-4.5') ?? this.models[1];
    return routed?.modelId ?? 'auto';
  }

  /** Chats so far. */
  get chatCount(): number {
    return this.#chats;
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }

  nextChatNumber(): number {
    this.#chats += 1;
    return this.#chats;
  }
}

function settingsOf(options: SimulatorOptions): Settings {
  return {
    strict: options.strict ?? true,
    requireProfileArn: options.requireProfileArn ?? false,
    approveAfterPolls: options.approveAfterPolls ?? Number.POSITIVE_INFINITY,
    asksInBrowser: options.asksInBrowser ?? false,
    pollIntervalS: options.pollIntervalS ?? 1,
    deviceCodeLifeS: options.deviceCodeLifeS ?? 600,
    fragmentChars: options.fragmentSize ?? 12,
    paceMs: options.paceMs ?? 0,
    closing: { contextUsage: true, stopReason: true, tokenUsage: false, metering: true, ...options.closing },
  };
}
