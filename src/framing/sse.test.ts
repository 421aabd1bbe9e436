import { describe, expect, it } from 'vitest';
import { sseComment, sseEvent } from './sse.ts';

describe('an event', () => {
  it('carries its name and its data', () => {
    expect(sseEvent('ping', '{"type":"ping"}')).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });

  it('may omit the name', () => {
    expect(sseEvent(undefined, '{"a":1}')).toBe('data: {"a":1}\n\n');
  });

  it.each(['{\n"a":1}', '{\r\n"a":1}', '{\r"a":1}', '{\n\n"a":1}'])('stays one line for %j', (json) => {
    expect(sseEvent(undefined, json)).toBe('data: { "a":1}\n\n');
  });

  it('keeps escaped line breaks, and those that are line breaks only in JavaScript', () => {
    const json = JSON.stringify('a\nb\u2028c\u2029d');
    expect(sseEvent(undefined, json)).toBe(`data: ${json}\n\n`);
  });

  it.each(['a\nb', 'a\rb'])('rejects the name %j', (name) => {
    expect(() => sseEvent(name, '{}')).toThrow(TypeError);
  });
});

describe('a comment', () => {
  it('is one line', () => {
    expect(sseComment('keep-alive')).toBe(': keep-alive\n\n');
  });

  it('stays a comment on every line', () => {
    expect(sseComment('one\ntwo\r\nthree')).toBe(': one\n: two\n: three\n\n');
  });
});
