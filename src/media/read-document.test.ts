import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { archive, docx, pdf, xlsx } from '../../test/support/documents.ts';
import { Attachment } from '../core/attachment.ts';
import type { ReadableFormat } from '../gateway/ports.ts';
import { createDocumentReader } from './read-document.ts';

const at = 'messages[0].content[0]';
/** Building archive bombs takes long. */
const BUSY_MACHINE_MS = 90_000;
const readDocument = createDocumentReader({ timeoutMs: 60_000, maxMemoryMiB: 512 });

function read(format: ReadableFormat, bytes: Uint8Array, wanted: 'check' | 'text' = 'text'): Promise<string> {
  return readDocument({ attachment: Attachment.fromBytes(bytes), format, at }, wanted);
}

const refusal = (rule: string, says: RegExp) =>
  expect.objectContaining({ code: 'invalid_request', param: at, rule, message: expect.stringMatching(says) });

/** A part that claims to be small and unpacks to a large one. */
function lyingArchive(): Buffer {
  const large = Buffer.alloc(32 * 1024 * 1024, 0x20);
  const packed = deflateRawSync(large, { level: 1 });
  const name = 'word/document.xml';
  const honest = archive({ [name]: 'x'.repeat(64) });
  const directory = honest.subarray(honest.lastIndexOf(Buffer.from('PK\x01\x02')));
  const local = Buffer.alloc(30);
  local.write('PK\x03\x04', 'latin1');
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(64, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.from(directory.subarray(0, 46 + name.length));
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(64, 24);
  central.writeUInt16LE(0, 30);
  central.writeUInt32LE(0, 42);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, central, end]);
}

describe('reading documents', () => {
  it('returns the text of a PDF with a marker before each page', async () => {
    expect(await read('pdf', pdf(['The first page.', 'And (the) second.']))).toBe(
      '[Page 1]\nThe first page.\n\n[Page 2]\nAnd (the) second.',
    );
  });

  it('returns paragraphs and tables of a Word document', async () => {
    const text = await read(
      'docx',
      docx(
        ['Dear all,', 'prices & terms:'],
        [
          ['apples', '3'],
          ['pears', '12'],
        ],
      ),
    );
    expect(text).toBe('Dear all,\n\nprices & terms:\n\napples   3\npears    12');
  });

  it('returns every sheet of a workbook as CSV under its name', async () => {
    const workbook = xlsx({
      Prices: [
        ['fruit', 'price'],
        ['apple, red', 3.5],
      ],
      Empty: [],
      'Q "4"': [['x']],
    });
    expect(await read('xlsx', workbook)).toBe(
      '[Sheet "Prices"]\nfruit,price\n"apple, red",3.5\n\n[Sheet "Empty"]\n\n\n[Sheet "Q \\"4\\""]\nx',
    );
  });

  it('returns the text of an HTML page without scripts', async () => {
    const page =
      '<html><head><title>T</title><style>b{}</style></head><body><h1>Hello</h1><script>alert(1)</script>' +
      '<p>See <a href="https://example.com/a">this</a>.</p><img src="x" alt="y"></body></html>';
    expect(await read('html', Buffer.from(page))).toBe('Hello\n\nSee this [https://example.com/a].');
  });

  it.each<[ReadableFormat, Buffer]>([
    ['pdf', pdf(['x'])],
    ['docx', docx(['x'])],
    ['xlsx', xlsx({ A: [['x']] })],
  ])('accepts a complete %s', async (format, bytes) => {
    expect(await read(format, bytes, 'check')).toBe('');
  });

  it.each<[string, ReadableFormat, Buffer]>([
    ['a PDF cut short', 'pdf', Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type')],
    ['a PDF of zeros', 'pdf', Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(2000)])],
    ['a Word document cut short', 'docx', docx(['x'.repeat(4000)]).subarray(0, 300)],
    ['an archive that is not a Word document', 'docx', archive({ 'a.xml': '<a/>' })],
    ['an archive that is not a workbook', 'xlsx', archive({ 'a.xml': '<a/>' })],
    ['a workbook cut short', 'xlsx', xlsx({ A: [['x']] }).subarray(0, 500)],
  ])('rejects %s as broken', async (_what, format, bytes) => {
    for (const wanted of ['check', 'text'] as const)
      await expect(read(format, bytes, wanted)).rejects.toEqual(refusal('document-broken', /specified was not valid/));
  });

  it('rejects a Word document with broken XML', async () => {
    const broken = archive({
      '_rels/.rels':
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
      'word/document.xml': '<w:document',
    });
    await expect(read('docx', broken)).rejects.toEqual(refusal('document-broken', /Word document .* not valid/));
  });

  it('rejects a PDF with a password and an encrypted archive', async () => {
    const locked = docx(['x']);
    locked[6] = 1;
    const says = /password protected\. Send it without/;
    await expect(read('pdf', pdf(['x'], { encrypted: true }), 'check')).rejects.toEqual(
      refusal('document-encrypted', says),
    );
    await expect(read('docx', locked, 'check')).rejects.toEqual(refusal('document-encrypted', says));
  });

  it.each<[ReadableFormat, Buffer, string]>([
    ['docx', docx(['']), '(The Word document has no text in it.)'],
    ['xlsx', xlsx({ A: [] }), '(The Excel workbook has no text in it.)'],
    ['html', Buffer.from('<p></p>'), '(The HTML page has no text in it.)'],
  ])('reports an empty %s as empty', async (format, bytes, expected) => {
    expect(await read(format, bytes)).toBe(expected);
  });

  it('reports scanned pages as having no text', async () => {
    await expect(read('pdf', pdf(['', '']))).rejects.toEqual(refusal('document-no-text', /images of its pages/));
  });

  it(
    'unpacks no bomb, whatever its directory says',
    async () => {
      const bomb = archive({ 'xl/workbook.xml': 'x' });
      // The directory entry holds the unpacked size.
      bomb.writeUInt32LE(150 * 1024 * 1024, bomb.lastIndexOf(Buffer.from('PK\x01\x02')) + 24);
      await expect(read('xlsx', bomb, 'check')).rejects.toEqual(refusal('document-too-large', /unpacked/));
      await expect(read('docx', lyingArchive())).rejects.toEqual(refusal('document-broken', /not valid/));
      const parts = Object.fromEntries(Array.from({ length: 12_000 }, (_, at) => [`p${at}.bin`, '']));
      await expect(read('docx', archive(parts), 'check')).rejects.toEqual(refusal('document-too-large', /parts/));
    },
    BUSY_MACHINE_MS,
  );

  it(
    'stops a PDF that unpacks to more than the limit',
    async () => {
      const small = createDocumentReader({ timeoutMs: 60_000, maxMemoryMiB: 96 });
      const bytes = pdf(['x'], { pageStream: deflateSync(Buffer.alloc(240 * 1024 * 1024, 0x20), { level: 1 }) });
      await expect(small({ attachment: Attachment.fromBytes(bytes), format: 'pdf', at }, 'text')).rejects.toEqual(
        refusal('document-too-large', /more than 96 MiB of memory/),
      );
    },
    BUSY_MACHINE_MS,
  );

  it('gives up on a document that takes too long', async () => {
    const hasty = createDocumentReader({ timeoutMs: 1, maxMemoryMiB: 512 });
    await expect(hasty({ attachment: Attachment.fromBytes(pdf(['x'])), format: 'pdf', at }, 'text')).rejects.toEqual(
      refusal('document-too-large', /within 0.001 seconds/),
    );
  });

  it(
    'tries again what took too long once',
    async () => {
      const options = { timeoutMs: 1, maxMemoryMiB: 512 };
      const reader = createDocumentReader(options);
      const document = { attachment: Attachment.fromBytes(pdf(['slow text'])), format: 'pdf', at } as const;
      const rejected = refusal('document-too-large', /seconds/);
      await expect(reader(document, 'text')).rejects.toEqual(rejected);
      options.timeoutMs = 60_000;
      expect(await reader(document, 'text')).toBe('[Page 1]\nslow text');
    },
    BUSY_MACHINE_MS,
  );

  it('does not change the attachment', async () => {
    const attachment = Attachment.fromBytes(pdf(['still here']));
    const { base64 } = attachment;
    await readDocument({ attachment, format: 'pdf', at }, 'text');
    expect(attachment.decode().toString('base64')).toBe(base64);
  });
});
