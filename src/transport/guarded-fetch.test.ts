import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createGuardedFetch } from './guarded-fetch.ts';
import { isPublicAddress } from './public-address.ts';

const at = 'messages[0].content[1].image_url.url';
const NEVER = new AbortController().signal;

afterEach(() => vi.restoreAllMocks());

interface Trap {
  readonly host: string;
  readonly port: number;
  connections: number;
}

async function listen(listener: RequestListener): Promise<Trap> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A listening TCP server has a port.
  const trap: Trap = { host: `127.0.0.1:${port}`, port, connections: 0 };
  server.on('connection', () => {
    trap.connections += 1;
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return trap;
}

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** Names as a hostile DNS resolves them; a list of results is returned one by one. */
function resolver(names: Record<string, readonly (readonly LookupAddress[])[]>) {
  const asked: string[] = [];
  const counts = new Map<string, number>();
  return {
    asked,
    resolve: async (name: string) => {
      asked.push(name);
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      const answers = names[name] ?? [];
      return answers[Math.min(count, answers.length - 1)] ?? [];
    },
  };
}

interface Rig {
  readonly allowed?: readonly string[];
  readonly timeoutMs?: number;
  readonly hasProxy?: boolean;
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

function fetchWith({ allowed = [], timeoutMs = 10_000, hasProxy = false, resolve }: Rig = {}) {
  const guarded = createGuardedFetch({
    userAgent: 'dragoman/test',
    allowed,
    timeoutMs,
    hasProxy,
    resolve: resolve ?? (async () => [v4('127.0.0.1')]),
  });
  return (url: string, maxBytes = 1000) => guarded({ url, at }, maxBytes, NEVER);
}

const refusal = (why: RegExp) =>
  expect.objectContaining({ code: 'invalid_request', param: at, message: expect.stringMatching(why) });

const NUMERIC_HOSTS = [
  // Loopback, this host, and every way to write them.
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '0',
    '0.0.0.0',
  ],
  ...['127.255.255.254', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '127.0.0.1.', '0x7f.1'],
  // Private networks.
  ...[
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.1.254',
    '3232235777',
    '0xc0a80101',
  ],
  // Link-local and the metadata services of the clouds.
  ...[
    '169.254.169.254',
    '169.254.170.2',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '168.63.129.16',
  ],
  ...['100.100.100.200', '192.0.0.192', '[fd00:ec2::254]', '[fe80::1]', '[fe80::a9fe:a9fe]'],
  // Carrier-grade NAT, benchmarks, documentation, multicast, broadcast, reserved.
  ...[
    '100.64.0.1',
    '100.127.255.254',
    '198.18.0.1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.250',
  ],
  ...['255.255.255.255', '240.0.0.1', '192.88.99.1', '0.1.2.3'],
  // IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo; unique local, site-local, multicast, documentation.
  ...[
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:169.254.169.254]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::a00:1]',
  ],
  ...[
    '[2002:7f00:1::]',
    '[2002:a9fe:a9fe::1]',
    '[2001::1]',
    '[fc00::1]',
    '[fd12:3456:789a::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[2001:db8::1]',
  ],
  '[::ffff:0:127.0.0.1]',
  // Public, but disguised, never by accident.
  ...['134744072', '0x08080808', '010.010.010.010', '8.8.2056'],
];

const NAMES = [
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'printer',
    'printer.local',
    'metadata.google.internal',
    'db.corp',
  ],
  ...['router.lan', 'nas.home.arpa', 'hidden.onion', 'wiki.intranet', '1.0.0.127.in-addr.arpa', 'a..example.com'],
];

const WRITTEN = [
  ...[
    'ftp://example.com/a.png',
    'file:///etc/passwd',
    'gopher://example.com/',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
  ],
  ...[
    'unix:///var/run/docker.sock',
    'http:/\\example.com/',
    'http://user@example.com/',
    'http://user:secret@example.com/',
    'http://@example.com/',
  ],
  ...[
    'http://example.com:22/',
    'http://example.com:8080/',
    'https://example.com:6379/',
    'http://example.com:0/',
    'http://example.com:99999/',
  ],
  ...[
    'http://exa mple.com/',
    'http://example.com/\r\nHost: localhost',
    'http://127.0.0.1\t/',
    'http://１２７.0.0.1/',
    'http://①②⑦.0.0.1/',
  ],
  ...[
    'http://example.com\\@127.0.0.1/',
    'http://8.8.8.8@127.0.0.1/',
    'http://',
    '',
    'example.com/a.png',
    `https://example.com/${'a'.repeat(9000)}`,
  ],
];

const HOSTILE = [...NUMERIC_HOSTS, ...NAMES].map((host) => `http://${host}/latest/meta-data/`).concat(WRITTEN);

describe('fetching a client’s URL', () => {
  it('covers at least sixty hostile addresses', () => {
    expect(new Set(HOSTILE).size).toBeGreaterThanOrEqual(100);
  });

  it.each(HOSTILE)('refuses %j without network access', async (url) => {
    const connect = vi.spyOn(net, 'connect');
    const { asked, resolve } = resolver({});
    await expect(fetchWith({ resolve })(url)).rejects.toEqual(
      refusal(/could not fetch the URL: .*Send the data as base64/),
    );
    expect(asked).toEqual([]);
    expect(connect).not.toHaveBeenCalled();
  });

  it.each([
    ['is private', [v4('10.0.0.5')]],
    ['is loopback', [v4('127.0.0.1')]],
    ['is the metadata service', [v4('169.254.169.254')]],
    ['is public and private at once', [v4('93.184.215.14'), v4('192.168.0.1')]],
    ['is a mapped address', [{ address: '::ffff:10.0.0.1', family: 6 }]],
    ['is a NAT64 address', [{ address: '64:ff9b::a00:1', family: 6 }]],
    ['has a zone', [{ address: 'fe80::1%eth0', family: 6 }]],
    ['is not an address', [v4('localhost')]],
    ['is unknown', []],
  ])('refuses a public name whose address %s', async (_what, addresses) => {
    const connect = vi.spyOn(net, 'connect');
    const { resolve } = resolver({ 'cdn.example.com': [addresses] });
    await expect(fetchWith({ resolve })('https://cdn.example.com/a.png')).rejects.toEqual(
      refusal(/private|does not exist/),
    );
    expect(connect).not.toHaveBeenCalled();
  });

  it('connects to the address it checked, even if the name now resolves to another', async () => {
    const trap = await listen((_request, answer) => answer.end('stolen'));
    const connect = vi.spyOn(net, 'connect').mockImplementation(() => {
      throw new Error('the test lets nothing out');
    });
    const { asked, resolve } = resolver({ 'rebind.example.com': [[v4('93.184.215.14')], [v4('127.0.0.1')]] });
    await expect(fetchWith({ resolve })('http://rebind.example.com/a.png')).rejects.toEqual(refusal(/is unreachable/));
    expect(asked).toEqual(['rebind.example.com']);
    expect(connect).toHaveBeenCalledOnce();
    const options = connect.mock.calls[0]?.[0] as unknown as net.TcpSocketConnectOpts; // undici passes an object
    const addresses = await new Promise((found) =>
      options.lookup?.('rebind.example.com', { all: true }, (_e, list) => found(list)),
    );
    expect(addresses).toEqual([v4('93.184.215.14')]);
    expect(trap.connections).toBe(0);
  });

  it('follows redirects and checks each', async () => {
    const trap = await listen((_request, answer) => answer.end('stolen'));
    for (const location of [
      `http://${trap.host}/`,
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'http://2130706433/',
      '//127.1/',
      'http://[::1]/',
      'http://evil.example.com/',
    ]) {
      const door = await listen((_request, answer) => answer.writeHead(302, { location }).end());
      const fetching = fetchWith({ allowed: [door.host] })(`http://${door.host}/`);
      await expect(fetching, location).rejects.toEqual(refusal(/could not fetch the URL/));
      expect(door.connections).toBe(1);
    }
    expect(trap.connections).toBe(0);
  });

  it('follows at most three redirects', async () => {
    const door = await listen((request, answer) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) answer.end('there');
      else answer.writeHead(307, { location: `/${left - 1}` }).end();
    });
    const fetching = fetchWith({ allowed: [door.host] });
    expect(Buffer.from(await fetching(`http://${door.host}/3`)).toString()).toBe('there');
    await expect(fetching(`http://${door.host}/4`)).rejects.toEqual(refusal(/more than 3 times/));
  });

  it('refuses bodies larger than the limit, announced or not', async () => {
    const announced = await listen((_request, answer) => answer.end(Buffer.alloc(2000)));
    const endless = await listen((_request, answer) => {
      const more = (): void => {
        while (!answer.destroyed && answer.write(Buffer.alloc(64 * 1024)));
        answer.once('drain', more);
      };
      more();
    });
    for (const { host } of [announced, endless])
      await expect(fetchWith({ allowed: [host] })(`http://${host}/`)).rejects.toEqual(
        refusal(/larger than 1000 bytes/),
      );
  });

  it('gives up on servers that are silent or trickle', async () => {
    const silent = await listen(() => {});
    const dripping = await listen((_request, answer) => {
      const timer = setInterval(() => answer.write('.'), 20);
      answer.on('close', () => clearInterval(timer));
    });
    for (const { host } of [silent, dripping])
      await expect(fetchWith({ allowed: [host], timeoutMs: 150 })(`http://${host}/`)).rejects.toEqual(
        refusal(/within 0.15 seconds/),
      );
  });

  it('gives up on a silent resolver', async () => {
    const fetching = fetchWith({ timeoutMs: 50, resolve: () => new Promise(() => {}) });
    await expect(fetching('https://slow.example.com/')).rejects.toEqual(refusal(/within/));
  });

  it.each([
    ['a refusal', 404, {}, /responded with 404/],
    ['an error', 500, {}, /responded with 500/],
    ['nothing', 204, {}, /responded with 204/],
    ['a compressed body, which could be a bomb', 200, { 'content-encoding': 'gzip' }, /compressed/],
    ['a redirect to nowhere', 302, { location: 'http://' }, /invalid URL|could not fetch/],
  ])('refuses %s', async (_what, status, headers, why) => {
    const door = await listen((_request, answer) => answer.writeHead(status, headers).end());
    await expect(fetchWith({ allowed: [door.host] })(`http://${door.host}/`)).rejects.toEqual(refusal(why));
  });

  it('sends no credential, identifies itself, and reports that it bypasses the proxy', async () => {
    const seen: string[] = [];
    const door = await listen((request, answer) => {
      seen.push(...Object.keys(request.headers), String(request.headers['user-agent']));
      answer.end('ok');
    });
    await fetchWith({ allowed: [door.host] })(`http://${door.host}/`);
    expect(seen).toContain('dragoman/test');
    expect(seen).not.toContain('authorization');
    expect(seen).not.toContain('cookie');
    const closed = await listen((_request, answer) => answer.destroy());
    await expect(fetchWith({ allowed: [closed.host], hasProxy: true })(`http://${closed.host}/`)).rejects.toEqual(
      refusal(/not through the configured proxy/),
    );
  });

  it('stops when the client leaves', async () => {
    const leaving = new AbortController();
    const door = await listen(() => leaving.abort());
    const guarded = createGuardedFetch({
      userAgent: 'dragoman/test',
      allowed: [door.host],
      timeoutMs: 10_000,
      hasProxy: false,
    });
    await expect(guarded({ url: `http://${door.host}/`, at }, 10, leaving.signal)).rejects.toMatchObject({
      code: 'client_closed',
    });
  });

  it.each(['8.8.8.8', '93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '2a00:1450:4001:82a::200e'])(
    'takes %s for public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});
