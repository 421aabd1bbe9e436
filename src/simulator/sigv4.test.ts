import { describe, expect, it } from 'vitest';
import { isSignedWith, parseAuthorization, type SignedRequest } from './sigv4.ts';

/** The example of AWS's own documentation: IAM's ListUsers, its well-known keys and the signature printed there. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';

const request: SignedRequest = {
  method: 'GET',
  path: '/',
  query: new URLSearchParams('Version=2010-05-08&Action=ListUsers'),
  headers: {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
  },
  body: Buffer.alloc(0),
};

function verify(changed: Partial<SignedRequest>, secret = SECRET): boolean {
  const scope = parseAuthorization(AUTHORIZATION);
  return scope !== undefined && isSignedWith(secret, { ...request, ...changed }, scope);
}

describe('signature version 4', () => {
  it('accepts the example of the documentation', () => {
    expect(verify({})).toBe(true);
  });

  it.each([
    ['method', { method: 'POST' }],
    ['path', { path: '/other' }],
    ['query', { query: new URLSearchParams('Action=ListUsers') }],
    ['signed header', { headers: { ...request.headers, host: 'iam.example.com' } }],
    ['body', { body: Buffer.from('x') }],
  ])('detects a changed %s', (_, changed) => {
    expect(verify(changed)).toBe(false);
  });

  it('detects a wrong secret', () => {
    expect(verify({}, 'another')).toBe(false);
  });

  it('rejects other authorization schemes', () => {
    expect(parseAuthorization('Bearer x')).toBeUndefined();
    expect(parseAuthorization('AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE')).toBeUndefined();
  });
});
