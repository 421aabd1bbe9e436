/** Which network an address belongs to, for limits that count a customer's addresses as one. */

/**
 * An IPv6 address's /64, which one customer usually has whole, as four groups of hexadecimal digits without leading
 * zeros. IPv4 addresses, also those mapped into IPv6 (RFC 4291, section 2.5.5.2), and other text stand for themselves.
 */
export function addressNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [left = '', right] = address.replace(/%.*$/, '').split('::');
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  const zeros = right === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return groups.slice(0, NETWORK_GROUPS).join(':');
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** An IPv4 address at the end takes the place of two groups; it never reaches into the first four. */
function groupsOf(text: string): string[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : group.toLowerCase().replace(/^0+(?=.)/, '')));
}
