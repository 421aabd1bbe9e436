/** Each kind of document and image, intact, broken and encrypted, through each protocol to the service. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { docx, encryptedOffice, pdf, xlsx } from './support/documents.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const EXCEL = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

interface File {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const INTACT: readonly (File & { readonly format: string; readonly says: string })[] = [
  {
    name: 'a.pdf',
    mediaType: 'application/pdf',
    bytes: pdf(['Bonjour', 'Adieu']),
    format: 'pdf',
    says: '[Page 2]\nAdieu',
  },
  { name: 'b.docx', mediaType: WORD, bytes: docx(['Dear reader,']), format: 'docx', says: 'Dear reader,' },
  { name: 'c.xlsx', mediaType: EXCEL, bytes: xlsx({ Sums: [['x', 7]] }), format: 'xlsx', says: '[Sheet "Sums"]\nx,7' },
  { name: 'd.csv', mediaType: 'text/csv', bytes: Buffer.from('fruit,price\npear,3\n'), format: 'csv', says: 'pear,3' },
  {
    name: 'e.html',
    mediaType: 'text/html',
    bytes: Buffer.from('<p>A <b>page</b></p>'),
    format: 'html',
    says: 'A page',
  },
  { name: 'f.md', mediaType: 'text/markdown', bytes: Buffer.from('# Titre été'), format: 'md', says: '# Titre été' },
  { name: 'g.txt', mediaType: 'text/plain', bytes: Buffer.from('plain words'), format: 'txt', says: 'plain words' },
];

const SPOILT: readonly (File & { readonly what: string; readonly says: RegExp })[] = [
  ...(['a.pdf', 'b.docx', 'c.xlsx'] as const).flatMap((name) => {
    const whole = INTACT.find((file) => file.name === name);
    if (!whole) return [];
    const { mediaType, bytes } = whole;
    return [
      { what: 'cut short', name, mediaType, bytes: bytes.subarray(0, 60), says: /specified was not valid/ },
      { what: 'something else', name, mediaType, bytes: Buffer.from('just words'), says: /specified was not valid/ },
    ];
  }),
  ...['d.csv', 'e.html', 'f.md', 'g.txt'].map((name) => ({
    what: 'in an unknown encoding',
    name,
    mediaType: INTACT.find((file) => file.name === name)?.mediaType ?? '',
    bytes: Buffer.from('\xe9t\xe9, na\xefve', 'latin1'),
    says: /not UTF-8 text/,
  })),
  {
    what: 'with a password',
    name: 'a.pdf',
    mediaType: 'application/pdf',
    bytes: pdf(['x'], { encrypted: true }),
    says: /PDF specified is password protected/,
  },
  { what: 'with a password', name: 'b.docx', mediaType: WORD, bytes: encryptedOffice(), says: /password protected/ },
  { what: 'with a password', name: 'c.xlsx', mediaType: EXCEL, bytes: encryptedOffice(), says: /password protected/ },
  {
    what: 'of no known kind',
    name: 'h.bin',
    mediaType: 'application/octet-stream',
    bytes: Buffer.from([0, 1, 2, 3, 0, 0]),
    says: /Documents of type application\/octet-stream are not supported/,
  },
];

interface Wire {
  readonly name: string;
  readonly path: string;
  /** Of the attachment. */
  readonly at: string;
  /** A request with one message: this attachment, and a question. */
  body(attachment: object): object;
  file(file: File): object;
  link(url: string, kind: 'image' | 'document'): object;
  image(data: string, mediaType: string): object;
}

const dataUrl = ({ mediaType, bytes }: File) => `data:${mediaType};base64,${bytes.toString('base64')}`;

const PROTOCOLS: readonly Wire[] = [
  {
    name: 'Chat Completions',
    at: 'messages[0].content[0]',
    path: '/v1/chat/completions',
    body: (attachment) => ({
      model: 'claude-sonnet-4.5',
      messages: [{ role: 'user', content: [attachment, { type: 'text', text: 'What is this?' }] }],
    }),
    file: (file) => ({ type: 'file', file: { filename: file.name, file_data: dataUrl(file) } }),
    link: (url, kind) =>
      kind === 'image' ? { type: 'image_url', image_url: { url } } : { type: 'file', file: { file_data: url } },
    image: (data, mediaType) => ({ type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } }),
  },
  {
    name: 'Messages',
    at: 'messages[0].content[0]',
    path: '/v1/messages',
    body: (attachment) => ({
      model: 'claude-sonnet-4.5',
      max_tokens: 1000,
      messages: [{ role: 'user', content: [attachment, { type: 'text', text: 'What is this?' }] }],
    }),
    file: ({ name, mediaType, bytes }) => ({
      type: 'document',
      title: name,
      source: { type: 'base64', media_type: mediaType, data: bytes.toString('base64') },
    }),
    link: (url, type) => ({ type, source: { type: 'url', url } }),
    image: (data, mediaType) => ({ type: 'image', source: { type: 'base64', media_type: mediaType, data } }),
  },
  {
    name: 'Responses',
    path: '/v1/responses',
    at: 'input[0].content[0]',
    body: (attachment) => ({
      model: 'claude-sonnet-4.5',
      store: false,
      input: [{ role: 'user', content: [attachment, { type: 'input_text', text: 'What is this?' }] }],
    }),
    file: (file) => ({ type: 'input_file', filename: file.name, file_data: dataUrl(file) }),
    link: (url, kind) =>
      kind === 'image' ? { type: 'input_image', image_url: url } : { type: 'input_file', file_url: url },
    image: (data, mediaType) => ({ type: 'input_image', image_url: `data:${mediaType};base64,${data}` }),
  },
];

interface Sent {
  readonly content: string;
  readonly images?: readonly { readonly format: string; readonly source: { readonly bytes: string } }[];
  readonly documents?: readonly {
    readonly name: string;
    readonly format: string;
    readonly source: { readonly bytes: string };
  }[];
}

interface Asked {
  readonly status: number;
  readonly error: string;
  readonly notes: string;
  /** The message to answer, as the service got it. */
  readonly sent: Sent | undefined;
}

async function ask(gateway: TestGateway, wire: Wire, attachment: object): Promise<Asked> {
  const answer = await fetch(gateway.url + wire.path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(wire.body(attachment)),
  });
  // Both dialects put their words there.
  const body = (await answer.json()) as { error?: { message: string } };
  const raw = gateway.takeChatRequest(() => true);
  return {
    status: answer.status,
    error: body.error?.message ?? '',
    notes: answer.headers.get('x-dragoman-adjustments') ?? '',
    sent: raw === undefined ? undefined : JSON.parse(raw).conversationState.currentMessage.userInputMessage,
  };
}

/** A server that DRAGOMAN_FETCH_ALLOWED_HOSTS allows. */
async function serve(bytes: Buffer): Promise<{ readonly host: string; readonly requests: () => number }> {
  let requests = 0;
  const server = createServer((_request, answer) => {
    requests += 1;
    answer.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // listening on TCP, so not the name of a pipe
  return { host: `127.0.0.1:${port}`, requests: () => requests };
}

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#369' } });

let native: TestGateway;
let asText: TestGateway;
beforeAll(async () => {
  native = await startTestGateway();
  asText = await startTestGateway({ env: { DRAGOMAN_WIRE_PROFILE: 'codewhisperer-legacy' } });
});
afterAll(async () => {
  await native.close();
  await asText.close();
});

describe.each(PROTOCOLS)('$name', (wire) => {
  it.each(INTACT)('sends $name unchanged if the service accepts documents', async (file) => {
    const { sent, status } = await ask(native, wire, wire.file(file));
    expect(status).toBe(200);
    expect(sent?.documents).toMatchObject([{ format: file.format, source: { bytes: file.bytes.toString('base64') } }]);
  });

  it.each(INTACT)('sends the text of $name if it does not', async (file) => {
    const { sent, status, notes } = await ask(asText, wire, wire.file(file));
    expect(status).toBe(200);
    expect(sent?.documents).toBeUndefined();
    expect(sent?.content).toContain(`<document title="${file.name}">\n`);
    expect(sent?.content).toContain(file.says);
    expect(notes).toContain('document-inlined@');
    expect(notes.includes('document-extracted@')).toBe(['pdf', 'docx', 'xlsx', 'html'].includes(file.format));
  });

  it.each(SPOILT)('rejects $name $what in both modes, without an upstream request', async (file) => {
    for (const gateway of [native, asText]) {
      const { status, error, sent } = await ask(gateway, wire, wire.file(file));
      expect(status).toBe(400);
      expect(error).toMatch(file.says);
      expect(error).toContain(wire.at);
      expect(sent).toBeUndefined();
    }
  });

  it('detects the type of a file from its bytes, not its name', async () => {
    const bytes = pdf(['x']);
    const { sent, notes } = await ask(native, wire, wire.file({ name: 'x', mediaType: 'text/plain', bytes }));
    expect(sent?.documents).toMatchObject([{ format: 'pdf' }]);
    expect(notes).toContain(`attachment-type@${wire.at}`);
  });

  it('treats an image declared as a document as an image', async () => {
    const bytes = await picture(10, 10).png().toBuffer();
    const { sent } = await ask(native, wire, wire.file({ name: 'x.pdf', mediaType: 'application/pdf', bytes }));
    expect(sent?.images).toEqual([{ format: 'png', source: { bytes: bytes.toString('base64') } }]);
  });

  it('sends the text of a document that is too large', async () => {
    const bytes = docx(['Much ado.'], [], { 'word/media/photo.raw': randomBytes(5_000_000) });
    const { sent, notes } = await ask(native, wire, wire.file({ name: 'big.docx', mediaType: WORD, bytes }));
    expect(sent?.documents).toBeUndefined();
    expect(sent?.content).toContain('<document title="big.docx">\nMuch ado.\n</document>');
    expect(notes).toContain(`document-extracted@${wire.at}`);
  });

  it('sends the text of documents that the service refuses, for the rest of the conversation', async () => {
    const refuse = { status: 400, name: 'ValidationException', reason: 'DOCUMENT_MAXIMUM_PAGES_EXCEEDED' };
    await using gateway = await startTestGateway({ script: { replies: [{ times: 1, refuse }] } });
    const file = wire.file({ name: 'a.pdf', mediaType: 'application/pdf', bytes: pdf(['Bonjour']) });
    const first = await ask(gateway, wire, file);
    expect(first.sent?.documents).toHaveLength(1);
    expect(first.status).toBe(200);
    expect(first.notes).toContain('document-extracted@');
    expect(gateway.takeChatRequest(() => true)).toContain('Bonjour');
    const second = await ask(gateway, wire, file);
    expect(second.sent?.documents).toBeUndefined();
    expect(second.sent?.content).toContain('[Page 1]\nBonjour');
  });

  it('reads UTF-16 as Excel writes it', async () => {
    const bytes = Buffer.from('\ufeffPreis,é\n', 'utf16le');
    const { sent, notes } = await ask(native, wire, wire.file({ name: 'a.csv', mediaType: 'text/csv', bytes }));
    expect(Buffer.from(sent?.documents?.[0]?.source.bytes ?? '', 'base64').toString()).toBe('Preis,é\n');
    expect(notes).toContain(`document-encoding@${wire.at}`);
  });

  it('scales an image down to the byte limit of the service', async () => {
    const data = (await picture(3000, 1500).png().toBuffer()).toString('base64');
    const { sent, notes } = await ask(native, wire, wire.image(data, 'image/jpeg'));
    const [image] = sent?.images ?? [];
    expect(image?.format).toBe('png');
    expect(await sharp(Buffer.from(image?.source.bytes ?? '', 'base64')).metadata()).toMatchObject({
      width: 2000,
      height: 1000,
    });
    expect(notes).toContain(`image-scaled@${wire.at}`);
  });

  it.each(['image', 'document'] as const)('fetches an %s by its URL once and caches it', async (kind) => {
    const bytes = kind === 'image' ? await picture(30, 20).webp().toBuffer() : pdf(['Fetched']);
    const { host, requests } = await serve(bytes);
    await using gateway = await startTestGateway({ env: { DRAGOMAN_FETCH_ALLOWED_HOSTS: host } });
    const attachment = wire.link(`http://${host}/thing?signature=abc`, kind);
    const first = await ask(gateway, wire, attachment);
    const second = await ask(gateway, wire, attachment);
    const [found] = (kind === 'image' ? first.sent?.images : first.sent?.documents) ?? [];
    expect(found).toMatchObject({ source: { bytes: bytes.toString('base64') } });
    expect(second.sent).toEqual(first.sent);
    expect(requests()).toBe(1);
    expect(first.notes).toContain('attachment-fetched@');
    expect(first.notes).not.toContain('signature');
  });

  it('fetches nothing from this machine or its network, and nothing at all if fetching is off', async () => {
    const { host, requests } = await serve(Buffer.from('secret'));
    const { status, error, sent } = await ask(native, wire, wire.link(`http://${host}/a.png`, 'image'));
    expect([status, sent]).toEqual([400, undefined]);
    expect(error).toMatch(/could not fetch the URL/);
    await using gateway = await startTestGateway({
      env: { DRAGOMAN_FETCH_URLS: 'no', DRAGOMAN_FETCH_ALLOWED_HOSTS: host },
    });
    const off = await ask(gateway, wire, wire.link(`http://${host}/a.png`, 'image'));
    expect(off.error).toMatch(/DRAGOMAN_FETCH_URLS/);
    expect(requests()).toBe(0);
  });
});
