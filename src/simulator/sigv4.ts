/**
 * Verifies Signature Version 4 by signing the request again with the account's secret.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface SignatureScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/\s,]+)\/(\d{8})\/([^/\s,]+)\/([^/\s,]+)\/aws4_request, *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})$/;

/** Undefined if the header is not a signature of this version. */
export function parseAuthorization(header: string): SignatureScope | undefined {
  const found = AUTHORIZATION.exec(header);
  if (!found) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = found;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

export function isSignedWith(secretAccessKey: string, request: SignedRequest, scope: SignatureScope): boolean {
  const expected = Buffer.from(signatureOf(secretAccessKey, request, scope), 'hex');
  return timingSafeEqual(expected, Buffer.from(scope.signature, 'hex'));
}

export function signatureOf(
  secretAccessKey: string,
  request: SignedRequest,
  scope: Omit<SignatureScope, 'signature' | 'accessKeyId'>,
): string {
  const { date, region, service, signedHeaders } = scope;
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    headerText(request, 'x-amz-date'),
    `${date}/${region}/${service}/aws4_request`,
    sha256(canonicalRequest(request, signedHeaders)),
  ].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(key, stringToSign).toString('hex');
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  // Paths are encoded once more for the signature than on the wire.
  const path = request.path.split('/').map(encode).join('/');
  const query = [...request.query].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const headers = signedHeaders.map((name) => `${name}:${headerText(request, name)}\n`).join('');
  return [request.method, path, query.join('&'), headers, signedHeaders.join(';'), sha256(request.body)].join('\n');
}

function headerText({ headers }: SignedRequest, name: string): string {
  const value = headers[name];
  const text = typeof value === 'object' ? value.join(',') : (value ?? '');
  return text.trim().replace(/ +/g, ' ');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
