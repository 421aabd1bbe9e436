import { describe, expect, it } from 'vitest';
import { codewhisperer } from './index.ts';

const { profiles } = codewhisperer;
const ACCESS = { region: 'us-east-1', profileArn: undefined, wireProfile: 'q-rest', baseUrl: undefined, kind: 'idc' };
const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';

describe('the profiles of an account', () => {
  it('are listed in each region that serves the API', () => {
    expect(profiles.regions(ACCESS)).toEqual(['us-east-1', 'eu-central-1']);
    const urls = profiles.regions(ACCESS).map((region) => profiles.encodeList({ ...ACCESS, region }, undefined).url);
    expect(urls.map((url) => new URL(url).host)).toEqual(['q.us-east-1.amazonaws.com', 'q.eu-central-1.amazonaws.com']);
  });

  it('are the active ones with an ARN', () => {
    const listed = [
      { arn: ARN, profileName: 'Team', status: 'ACTIVE' },
      { arn: ARN.replace('ABC', 'XYZ') },
      { arn: ARN.replace('ABC', 'OLD'), status: 'DELETING' },
      { arn: 'https://example.com' },
      null,
    ];
    expect(profiles.decodeList(JSON.stringify({ profiles: listed, nextToken: 'more' }))).toEqual({
      profiles: [
        { arn: ARN, name: 'Team' },
        { arn: ARN.replace('ABC', 'XYZ'), name: ARN.replace('ABC', 'XYZ') },
      ],
      nextToken: 'more',
    });
  });

  it.each(['{}', '[]', 'null', '{"profiles":{},"nextToken":""}'])('are empty in %s, the last page', (body) => {
    expect(profiles.decodeList(body)).toEqual({ profiles: [], nextToken: undefined });
    expect(profiles.decodeOwn(body)).toBeUndefined();
  });

  it('are unknown if the response is not JSON, with the operation in the error', () => {
    expect(() => profiles.decodeList('<html>')).toThrow(
      'The service returned an unexpected response to ListAvailableProfiles.',
    );
    expect(() => profiles.decodeOwn('<html>')).toThrow('The service returned an unexpected response to GetProfile.');
  });

  it('are a single profile for an API key', () => {
    expect(profiles.decodeOwn(JSON.stringify({ profile: { arn: ARN } }))?.arn).toBe(ARN);
  });
});

describe('another region', () => {
  const refusal = (status: number, message: string, reason?: string) =>
    codewhisperer.explainFailure({ status, header: () => undefined, body: JSON.stringify({ message, reason }) });

  it.each([
    ['an account without access', true, refusal(403, 'User is not authorized to make this call.')],
    ['a token refused with 403', true, refusal(403, 'The bearer token included in the request is invalid.')],
    ['a token refused with 401', false, refusal(401, 'The bearer token included in the request is invalid.')],
    ['a suspended account', false, refusal(403, 'x', 'TEMPORARILY_SUSPENDED')],
    ['an overload', false, refusal(503, 'x')],
  ])('may serve %s: %s', (_name, expected, error) => {
    expect(codewhisperer.suggestsOtherRegion?.(error)).toBe(expected);
  });
});
