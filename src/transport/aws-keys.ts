/**
 * Gets keys from the AWS credential chain (environment, shared files, web identity, container, instance) and signs requests
 * with Signature Version 4, service name `q`. AWS's own packages do both and are loaded at first use. Keys
 * stay in memory; they are renewed before they expire and fetched again if the service rejects them.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { checkedRegion } from '../accounts/credentials/patterns.ts';
import type { IamCredential } from '../accounts/credentials.ts';
import type { SignableRequest, SigningKeys } from '../accounts/ports.ts';
import { SingleFlight, withinTime } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Dispatchers } from './dispatcher.ts';
import { createSdkHandler } from './sdk-handler.ts';

const SIGNING_NAME = 'q';
/** How long before expiry temporary keys are replaced, about when AWS issues new ones. */
const RENEW_BEFORE_MS = 5 * 60_000;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Finds keys through AWS's chain; tests inject their own. */
export type FindKeys = (credential: IamCredential, proxy: string | undefined) => Promise<Keys>;

/** A `credential_process` may hang, and the SDK sets no timeout for it. */
const FIND_TIMEOUT_MS = 15_000;

export function createSigningKeys(
  findKeys: FindKeys,
  clock: Pick<Clock, 'now' | 'schedule'>,
  findTimeoutMs = FIND_TIMEOUT_MS,
): SigningKeys {
  const known = new Map<string, Keys>();
  const searches = new SingleFlight<Keys>();

  const find = (credential: IamCredential, proxy: string | undefined): Promise<Keys> => {
    const place = placeOf(credential, proxy);
    return searches.run(place, async () => {
      const keys = await withinTime(clock, findTimeoutMs, findKeys(credential, proxy));
      if (!keys) throw new Error(`no answer within ${findTimeoutMs} ms`);
      known.set(place, keys);
      return keys;
    });
  };

  const present = async (credential: IamCredential, refused: string | undefined, proxy: string | undefined) => {
    const keys = known.get(placeOf(credential, proxy));
    const isGood = keys && keys.accessKeyId !== refused && expiryOf(keys) - clock.now() > RENEW_BEFORE_MS;
    if (isGood) return keys;
    try {
      return await find(credential, proxy);
    } catch (cause) {
      // Fall back to the current keys while they are valid.
      if (keys && keys.accessKeyId !== refused && expiryOf(keys) > clock.now()) return keys;
      throw noKeys(credential, cause);
    }
  };

  return {
    async present(credential, refused, proxy) {
      const keys = await present(credential, refused, proxy);
      return { value: keys.accessKeyId, expiresAtMs: expiryOf(keys) };
    },
    signer: (credential, proxy) => async (request) =>
      sign(request, await present(credential, undefined, proxy), credential, clock.now()),
  };
}

/** Uses the account's proxy for calls to AWS; instance and container endpoints are reached directly. */
export function createKeyFinder(dispatchers: Pick<Dispatchers, 'of'>): FindKeys {
  return async ({ region, awsProfile }, proxy) => {
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    const find = fromNodeProviderChain({
      ...(awsProfile === undefined ? {} : { profile: awsProfile }),
      clientConfig: {
        region,
        requestHandler: createSdkHandler({ ...dispatchers.of(proxy), addressSetting: undefined }),
      },
    });
    return find();
  };
}

async function sign(request: SignableRequest, keys: Keys, credential: IamCredential, nowMs: number) {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(request.url);
  const region = checkedRegion(request.region ?? credential.region);
  const signer = new SignatureV4({ service: SIGNING_NAME, region, credentials: keys, sha256: Sha256 });
  const whole = {
    method: request.method,
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { ...request.headers, host },
    body: request.body ?? '',
  };
  const signed = await signer.sign(whole, { signingDate: new Date(nowMs) });
  const { host: _written, ...headers } = signed.headers;
  return headers;
}

/** Node's SHA-256 with the signer's interface. */
class Sha256 {
  readonly #secret: Buffer | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret);
    this.#hash = this.#start();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

function placeOf({ awsProfile, region }: IamCredential, proxy: string | undefined): string {
  return JSON.stringify([awsProfile, region, proxy]);
}

function expiryOf({ expiration }: Keys): number {
  return expiration?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** Leaves the chain's message to the cause, because it may contain paths or secrets. */
function noKeys({ awsProfile }: IamCredential, cause: unknown): GatewayError {
  const where = awsProfile === undefined ? 'The AWS credential chain' : `The AWS profile ${JSON.stringify(awsProfile)}`;
  return new GatewayError(
    'credential_unavailable',
    `${where} returned no keys. Check it with \`aws sts get-caller-identity${awsProfile === undefined ? '' : ` --profile ${awsProfile}`}\`.`,
    { cause },
  );
}
