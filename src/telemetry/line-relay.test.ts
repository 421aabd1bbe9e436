import { describe, expect, it } from 'vitest';
import { createLineRelay } from './line-relay.ts';

function relayed(...chunks: readonly string[]): string[] {
  const written: string[] = [];
  const relay = createLineRelay((lines) => written.push(Buffer.from(lines).toString()));
  for (const chunk of chunks) relay.push(Buffer.from(chunk));
  relay.end();
  return written;
}

describe('the relay of log lines', () => {
  it('passes on whole lines at once and keeps the rest until its end arrives', () => {
    expect(relayed('one\ntwo\nth', 're', 'e\nfour\n')).toEqual(['one\ntwo\n', 'three\nfour\n']);
  });

  it('ends a last line that its process did not end', () => {
    expect(relayed('one\n', 'FATAL ERROR: heap')).toEqual(['one\n', 'FATAL ERROR: heap\n']);
  });

  it('passes on an endless line in parts', () => {
    const half = 'x'.repeat(600_000);
    expect(relayed(half, half, 'end\n').map((text) => text.length)).toEqual([1_200_000, 4]);
  });
});
