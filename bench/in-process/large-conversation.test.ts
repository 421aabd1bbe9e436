import { describe, expect, it } from 'vitest';
import { largeAnthropicBody, largeOpenaiBody } from './large-conversation.ts';

describe.each([
  ['OpenAI', largeOpenaiBody, 1 + 300],
  ['Anthropic', largeAnthropicBody, 201],
] as const)('the large body for %s', (_, make, messages) => {
  const text = make();
  const body = JSON.parse(text);

  it('is about a megabyte, with 200 turns and 40 tools', () => {
    expect(Buffer.byteLength(text) / 1e6).toBeGreaterThan(0.9);
    expect(Buffer.byteLength(text) / 1e6).toBeLessThan(1.5);
    expect(body.messages).toHaveLength(messages);
    expect(body.tools).toHaveLength(40);
  });

  it('is deterministic', () => {
    expect(make()).toBe(text);
  });

  it('answers every tool use', () => {
    const uses = text.match(/"tooluse_\d+"/g) ?? [];
    expect(uses).toHaveLength(200);
    expect(new Set(uses).size).toBe(100);
  });
});
