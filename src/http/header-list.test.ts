import { describe, expect, it } from 'vitest';
import { HeaderList } from './header-list.ts';

describe('HeaderList', () => {
  it('holds names and values in turn, in the order in which the names were set first', () => {
    const headers = new HeaderList(['vary', 'Origin']);
    headers.set('content-length', 12);
    headers.setAll({ 'set-cookie': ['a=1', 'b=2'], vary: 'accept-language', allow: undefined });
    expect(headers.namesAndValues).toEqual([
      ...['vary', 'accept-language'],
      ...['content-length', 12],
      ...['set-cookie', ['a=1', 'b=2']],
    ]);
  });

  it('knows which names it has, and takes no value for a name', () => {
    const headers = new HeaderList(['vary', 'Origin']);
    expect(headers.has('vary')).toBe(true);
    expect(headers.has('Origin')).toBe(false);
    headers.set('Origin', 'x');
    expect(headers.namesAndValues).toEqual(['vary', 'Origin', 'Origin', 'x']);
  });

  it('has nothing once they are taken', () => {
    const headers = new HeaderList(['vary', 'Origin']);
    expect(headers.take()).toEqual(['vary', 'Origin']);
    expect(headers.namesAndValues).toEqual([]);
  });
});
