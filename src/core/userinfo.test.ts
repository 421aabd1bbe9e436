import { describe, expect, it } from 'vitest';
import { withoutPassword, withoutPasswords, withoutUserinfo } from './userinfo.ts';

describe('masking credentials in URLs', () => {
  it.each([
    ['http://proxy:8080', 'http://proxy:8080', 'http://proxy:8080'],
    ['http://user@proxy:8080/', 'http://••••@proxy:8080/', 'http://user@proxy:8080/'],
    ['http://user:pass@proxy:8080', 'http://••••@proxy:8080', 'http://user:••••@proxy:8080'],
    ['http://user:p@ss@proxy:8080', 'http://••••@proxy:8080', 'http://user:••••@proxy:8080'],
    ['http://us@er:p:a@s@s@proxy:8080', 'http://••••@proxy:8080', 'http://us@er:••••@proxy:8080'],
    ['http://user:p@ss@[::1]:8080/?to=a@b', 'http://••••@[::1]:8080/?to=a@b', 'http://user:••••@[::1]:8080/?to=a@b'],
    ['http://host/a:b@c', 'http://host/a:b@c', 'http://host/a:b@c'],
    ['direct', 'direct', 'direct'],
  ])('%s', (address, withoutBoth, withoutOne) => {
    expect(withoutUserinfo(address)).toBe(withoutBoth);
    expect(withoutPassword(address)).toBe(withoutOne);
    expect(withoutPasswords(address)).toBe(withoutOne);
  });

  it('masks the passwords of all URLs in a text and leaves the rest unchanged', () => {
    expect(withoutPasswords('from http://a:b@c@d:1 to socks5://e:f@g/x, asked by h@i')).toBe(
      'from http://a:••••@d:1 to socks5://e:••••@g/x, asked by h@i',
    );
  });
});
