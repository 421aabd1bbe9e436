import { describe, expect, it } from 'vitest';
import type { Access } from '../upstream.ts';
import {
  chatRequest,
  encodeListModels,
  encodeListProfiles,
  encodeUsageLimits,
  operationRequest,
} from './operations.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const access = (change: Partial<Access> = {}): Access => ({
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  headers: {},
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

  it('keeps the path when the host is replaced', () => {
    const request = operationRequest('GenerateAssistantResponse', '{}', access({ baseUrl: 'http://127.0.0.1:9' }));
    expect(request.url).toBe('http://127.0.0.1:9/generateAssistantResponse');
  });

  it("adds the credential's headers in lower case", () => {
    const request = operationRequest(
      'GenerateAssistantResponse',
      '{}',
      access({ headers: { TokenType: 'EXTERNAL_IDP' } }),
    );
    expect(request.headers).toMatchObject({ tokentype: 'EXTERNAL_IDP', 'x-amzn-kiro-agent-mode': 'vibe' });
  });

  it('names the ARN in a header on Kiro hosts', () => {
    const chat = {
      conversationState: { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage: { content: 'hi' } } },
    } as const;
    const request = chatRequest(chat, access({ wireProfile: 'kiro-runtime', profileArn: ARN }));
    expect(request.headers['x-amzn-kiro-profile-arn']).toBe(ARN);
    expect(JSON.parse(request.body ?? '')).toEqual(chat);
  });
});

describe('the region', () => {
  const cases = [
    { name: 'an API region is taken as it is', region: 'eu-central-1', profileArn: undefined, api: 'eu-central-1' },
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
  it('asks for models by query in the REST flavour', () => {
    expect(encodeListModels(access({ profileArn: ARN }), 'bmV4dA==')).toEqual({
      method: 'GET',
      url: `https://q.us-east-1.amazonaws.com/ListAvailableModels?origin=AI_EDITOR&maxResults=50&nextToken=bmV4dA%3D%3D&profileArn=${encodeURIComponent(ARN)}`,
      region: 'us-east-1',
      headers: { 'x-amzn-codewhisperer-optout': 'true' },
      body: undefined,
    });
  });

  it('asks for models by body in the JSON flavour', () => {
    const request = encodeListModels(access({ wireProfile: 'q-json' }), undefined);
    expect(request).toMatchObject({ method: 'POST', url: 'https://q.us-east-1.amazonaws.com/' });
    expect(request.headers['x-amz-target']).toBe('AmazonCodeWhispererService.ListAvailableModels');
    expect(JSON.parse(request.body ?? '')).toEqual({ origin: 'KIRO_CLI', maxResults: 50 });
  });

  it("finds Kiro's management host and its own paths", () => {
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

  it('asks for usage without an ARN when there is none', () => {
    expect(encodeUsageLimits(access()).url).toBe(
      'https://q.us-east-1.amazonaws.com/getUsageLimits?origin=AI_EDITOR&resourceType=CREDIT&isEmailRequired=false',
    );
  });
});
