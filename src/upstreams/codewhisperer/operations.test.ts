import { describe, expect, it } from 'vitest';
import type { Access } from '../upstream.ts';
import {
  encodeGetProfile,
  encodeListModels,
  encodeListProfiles,
  encodeUsageLimits,
  operationRequest,
} from './operations.ts';
import { WireProfiles } from './profiles.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const access = (change: Partial<Access> = {}): Access => ({
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  kind: 'builder-id',
  ...change,
});

describe('the chat request', () => {
  const cases = [
    { wireProfile: 'q-rest', url: 'https://q.us-east-1.amazonaws.com/generateAssistantResponse', target: undefined },
    {
      wireProfile: 'q-json',
      url: 'https://q.us-east-1.amazonaws.com/',
      target: 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse',
    },
    {
      wireProfile: 'kiro-runtime',
      url: 'https://runtime.us-east-1.kiro.dev/',
      target: 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse',
    },
    {
      wireProfile: 'kiro-krs',
      url: 'https://runtime.us-east-1.kiro.dev/',
      target: 'KiroRuntimeService.GenerateAssistantResponse',
    },
    {
      wireProfile: 'codewhisperer-legacy',
      url: 'https://codewhisperer.us-east-1.amazonaws.com/generateAssistantResponse',
      target: undefined,
    },
  ];
  it.each(cases)('goes to $url with $wireProfile', ({ wireProfile, url, target }) => {
    const request = operationRequest('GenerateAssistantResponse', '{}', access({ wireProfile, profileArn: ARN }));
    expect(request.url).toBe(url);
    expect(request.headers['x-amz-target']).toBe(target);
    expect(request.headers['content-type']).toBe(target ? 'application/x-amz-json-1.0' : 'application/json');
  });

  it('names the account and the invocation of each request, whichever came before', () => {
    const headersOf = (change: Partial<Access>, attempt: number) => {
      const invocation = { id: `call-${attempt}`, attempt };
      return operationRequest('GenerateAssistantResponse', '{}', access(change), { invocation }).headers;
    };
    const first = headersOf({ kind: 'api-key' }, 1);
    expect(first).toMatchObject({ tokentype: 'API_KEY', 'amz-sdk-invocation-id': 'call-1' });
    const second = headersOf({}, 2);
    expect(second).not.toHaveProperty('tokentype');
    expect(second['amz-sdk-request']).toMatch(/^attempt=2; /);
    expect(headersOf({ kind: 'api-key' }, 1)).toEqual(first);
  });

  it('keeps the path if the host is replaced', () => {
    const request = operationRequest('GenerateAssistantResponse', '{}', access({ baseUrl: 'http://127.0.0.1:9' }));
    expect(request.url).toBe('http://127.0.0.1:9/generateAssistantResponse');
  });

  it('inserts its own host into an address with a placeholder for it', () => {
    const url = (wireProfile: string) =>
      operationRequest(
        'GenerateAssistantResponse',
        '{}',
        access({ wireProfile, profileArn: ARN, baseUrl: 'http://127.0.0.1:9/host/{host}' }),
      ).url;
    expect(url('q-rest')).toBe('http://127.0.0.1:9/host/q.us-east-1.amazonaws.com/generateAssistantResponse');
    expect(url('kiro-krs')).toBe('http://127.0.0.1:9/host/runtime.us-east-1.kiro.dev/');
  });

  it.each([
    ['q-rest', 'builder-id', undefined],
    ['q-rest', 'external-idp', 'EXTERNAL_IDP'],
    ['q-json', 'api-key', 'API_KEY'],
    ['kiro-krs', 'builder-id', 'SSO_OIDC'],
    ['kiro-krs', 'idc', 'SSO_OIDC'],
    ['kiro-krs', 'social', 'SSO_OIDC'],
    ['kiro-krs', 'external-idp', 'EXTERNAL_IDP'],
    ['kiro-krs', 'api-key', 'API_KEY'],
    ['kiro-krs/untyped', 'social', undefined],
    ['kiro-krs/untyped', 'api-key', 'API_KEY'],
  ])('with %s says of a token of the kind %s that its type is %s', (wireProfile, kind, type) => {
    const request = operationRequest('GenerateAssistantResponse', '{}', access({ wireProfile, kind, profileArn: ARN }));
    expect(request.headers.tokentype).toBe(type);
  });

  it('has exactly the headers of KiroRuntimeService', () => {
    const kiro = access({ wireProfile: 'kiro-krs', profileArn: ARN });
    const request = operationRequest('GenerateAssistantResponse', '{}', kiro, {
      profiles: new WireProfiles({ platform: 'linux', release: '6.1', node: '24.1.0', version: '9.9.9' }),
      invocation: { id: 'i-1', attempt: 2 },
    });
    expect(request.headers).toEqual({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'KiroRuntimeService.GenerateAssistantResponse',
      'user-agent':
        'aws-sdk-js/1.0.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#24.1.0 api/kiroruntime#1.0.0 m/N dragoman/9.9.9',
      'x-amzn-codewhisperer-optout': 'true',
      'x-amzn-kiro-client-attribution': 'unrecognized',
      'amz-sdk-invocation-id': 'i-1',
      'amz-sdk-request': 'attempt=2; max=3',
      'x-kiro-attempt': '2;max=3',
      tokentype: 'SSO_OIDC',
    });
  });

  it('never counts attempts beyond the profile’s maximum', () => {
    const invocation = { id: 'i-1', attempt: 40 };
    const kiro = access({ wireProfile: 'kiro-krs', profileArn: ARN });
    const { headers } = operationRequest('GenerateAssistantResponse', '{}', kiro, { invocation });
    expect(headers['amz-sdk-request']).toBe('attempt=3; max=3');
  });

  it('names the ARN in a header on Kiro hosts', () => {
    const kiro = access({ wireProfile: 'kiro-runtime', profileArn: ARN });
    const request = operationRequest('GenerateAssistantResponse', '{}', kiro);
    expect(request.headers['x-amzn-kiro-profile-arn']).toBe(ARN);
  });
});

describe('the region', () => {
  const cases = [
    { name: 'an API region is used unchanged', region: 'eu-central-1', profileArn: undefined, api: 'eu-central-1' },
    { name: "the ARN's region wins", region: 'eu-central-1', profileArn: ARN, api: 'us-east-1' },
    {
      name: 'a European sign-in region means Frankfurt',
      region: 'eu-west-3',
      profileArn: undefined,
      api: 'eu-central-1',
    },
    { name: 'anything else means Virginia', region: 'ap-south-1', profileArn: undefined, api: 'us-east-1' },
  ];
  it.each(cases)('$name', ({ region, profileArn, api }) => {
    const request = operationRequest('GenerateAssistantResponse', '{}', access({ region, profileArn }));
    expect(request.url).toContain(`q.${api}.amazonaws.com`);
  });
});

describe('the control plane', () => {
  it('lists models with a query in the REST flavour', () => {
    expect(encodeListModels(access({ profileArn: ARN }), 'bmV4dA==')).toEqual({
      method: 'GET',
      url: `https://q.us-east-1.amazonaws.com/ListAvailableModels?origin=AI_EDITOR&maxResults=50&nextToken=bmV4dA%3D%3D&profileArn=${encodeURIComponent(ARN)}`,
      region: 'us-east-1',
      headers: { 'user-agent': expect.stringContaining('dragoman/'), 'x-amzn-codewhisperer-optout': 'true' },
      body: undefined,
    });
  });

  it('lists models with a body in the JSON flavour', () => {
    const request = encodeListModels(access({ wireProfile: 'q-json' }), undefined);
    expect(request).toMatchObject({ method: 'POST', url: 'https://q.us-east-1.amazonaws.com/' });
    expect(request.headers['x-amz-target']).toBe('AmazonCodeWhispererService.ListAvailableModels');
    expect(JSON.parse(String(request.body))).toEqual({ origin: 'KIRO_CLI', maxResults: 50 });
  });

  it("uses Kiro's management host and paths", () => {
    const kiro = access({ wireProfile: 'kiro-runtime', profileArn: ARN });
    expect(encodeListModels(kiro, undefined).url).toMatch(
      /^https:\/\/management\.us-east-1\.kiro\.dev\/List-Available-Models\?/,
    );
    expect(encodeListProfiles(kiro, undefined)).toMatchObject({
      method: 'POST',
      url: 'https://management.us-east-1.kiro.dev/List-Available-Profiles',
      body: '{}',
    });
    expect(encodeUsageLimits(kiro).url).toContain('/Get-Usage-Limits?profileArn=');
  });

  it('uses JSON at the management host for KiroRuntimeService', () => {
    const kiro = access({ wireProfile: 'kiro-krs', region: 'ap-south-1', profileArn: ARN });
    const requests = [
      encodeListModels(kiro, undefined),
      encodeUsageLimits(kiro),
      encodeListProfiles(kiro, undefined),
      encodeGetProfile(kiro),
    ];
    expect(requests.map(({ headers, body }) => [headers['x-amz-target'], JSON.parse(String(body))])).toEqual([
      ['KiroControlPlaneBearerService.ListAvailableModels', { origin: 'AI_EDITOR', maxResults: 50, profileArn: ARN }],
      [
        'KiroControlPlaneBearerService.GetUsageLimits',
        { origin: 'AI_EDITOR', profileArn: ARN, resourceType: 'CREDIT', isEmailRequired: false },
      ],
      ['AmazonCodeWhispererService.ListAvailableProfiles', { maxResults: 10 }],
      ['KiroControlPlaneBearerService.GetProfile', {}],
    ]);
    for (const request of requests) {
      expect(request).toMatchObject({ method: 'POST', url: 'https://management.us-east-1.kiro.dev/' });
      expect(request.headers['content-type']).toBe('application/x-amz-json-1.0');
      expect(request.badToken).toEqual({ status: 400, name: 'AccessDeniedException' });
    }
  });

  it('requests usage without an ARN if there is none', () => {
    expect(encodeUsageLimits(access()).url).toBe(
      'https://q.us-east-1.amazonaws.com/getUsageLimits?origin=AI_EDITOR&resourceType=CREDIT&isEmailRequired=false',
    );
  });
});
