import { describe, expect, it } from 'vitest';
import { checkedTokenEndpoint } from './patterns.ts';

describe('the token endpoint of an identity provider', () => {
  const allowed = ['idp.example', 'idp.example:8443', '127.0.0.1:9000', '[::1]:9000', 'localhost:9000', '10.0.0.1'];

  it.each([
    'https://login.microsoftonline.com/t/oauth2/v2.0/token',
    'https://idp.example/token',
    'https://idp.example:8443/token',
    'https://10.0.0.1/token',
    'http://127.0.0.1:9000/token',
    'http://[::1]:9000/token',
    'http://localhost:9000/token',
  ])('is accepted: %s', (endpoint) => expect(checkedTokenEndpoint(endpoint, allowed)).toBe(endpoint));

  it.each([
    'http://idp.example/token',
    'http://idp.example:8443/token',
    'http://10.0.0.1/token',
    'https://user:passCANARY@idp.example/token',
    'https://user@idp.example/token',
    'http://user:passCANARY@127.0.0.1:9000/token',
    'ftp://localhost:9000/token',
    'https://other.example/token',
    'https://idp.example:9443/token',
    'https://login.microsoftonline.com:8443/token',
  ])('is rejected although its host is allowed or looks allowed: %s', (endpoint) => {
    const check = () => checkedTokenEndpoint(endpoint, allowed);
    expect(check).toThrowError(expect.objectContaining({ code: 'invalid_request', param: 'token_endpoint' }));
    expect(check).toThrowError(/https URL without a user/);
    expect(check).not.toThrowError(/CANARY/);
  });
});
