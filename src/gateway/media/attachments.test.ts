import { describe, expect, it } from 'vitest';
import {
  assistant,
  attachmentOf,
  conversation,
  documentOf,
  GIF,
  image,
  PNG,
  toolResult,
  user,
} from '../../../test/support/conversations.ts';
import { Attachment } from '../../core/attachment.ts';
import type { DocumentPart } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { MediaLimits } from '../../upstreams/upstream.ts';
import type { MediaTools } from '../ports.ts';
import { fetchAttachments, fitAttachments } from './attachments.ts';
import { decodeText } from './text-encoding.ts';

const LIMITS: MediaLimits = { image: { pixels: 100, bytes: 1000 }, documentBytes: 1000 };
const { signal } = new AbortController();

/** Fakes that record their calls: GIFs are scaled to PNG, and documents have a fixed text. */
function createTools() {
  const calls: string[] = [];
  const tools: Omit<MediaTools, 'fetch'> = {
    fitImage: async ({ attachment, at }) => {
      calls.push(`fit ${at}`);
      return attachment.base64 === GIF ? { attachment: attachmentOf(PNG), before: '9×9', after: '1×1' } : undefined;
    },
    readDocument: async ({ format, at }, wanted) => {
      calls.push(`${wanted} ${format} ${at}`);
      return wanted === 'text' ? 'its words' : '';
    },
  };
  return { tools, calls };
}

function linked(url: string, at: string, mediaType = 'application/*'): DocumentPart {
  return { type: 'document', at, name: undefined, mediaType, source: { type: 'url', url, at: `${at}.url` } };
}

describe('fetching attachments', () => {
  it('fetches nothing once the client has disconnected', async () => {
    const calls: string[] = [];
    const fetch = async ({ url }: { url: string }) => {
      calls.push(url);
      throw new Error('must not be called');
    };
    const original = conversation([user(linked('https://a.example/x.pdf', 'messages[0].content[0]'))]);
    await expect(fetchAttachments(original, 'c', { fetch }, AbortSignal.abort())).rejects.toMatchObject({
      code: 'client_closed',
    });
    expect(calls).toEqual([]);
  });
});

describe('fitting attachments', () => {
  it('leaves a conversation without attachments unchanged', async () => {
    const { tools } = createTools();
    const original = conversation([user('hi', toolResult('t', 'x')), assistant('hello')]);
    const fitted = await fitAttachments(original, LIMITS, tools, signal);
    expect(fitted.conversation).toBe(original);
    expect(fitted.adjustments).toEqual([]);
  });

  it('fits attachments in tool results, and leaves other turns unchanged', async () => {
    const { tools, calls } = createTools();
    const pdf = documentOf('a.pdf', 'application/pdf', '%PDF-1.4', 'inside');
    const original = conversation([user(image(PNG)), user(toolResult('t', [image(GIF, 'image/gif', 'gif'), pdf]))]);
    const { conversation: fitted, adjustments } = await fitAttachments(original, LIMITS, tools, signal);
    expect(fitted.turns[0]).toBe(original.turns[0]);
    expect(fitted.turns[1]?.parts).toMatchObject([
      { content: [{ type: 'image', mediaType: 'image/png', attachment: { base64: PNG } }, pdf] },
    ]);
    expect(adjustments).toEqual([{ rule: 'image-scaled', path: 'gif', before: '9×9', after: '1×1' }]);
    expect(calls).toEqual(['fit messages[0].content[1]', 'fit gif', 'check pdf inside']);
  });

  it('extracts the text if the upstream accepts no documents or none of that size, and scales no images that are not sent', async () => {
    const { tools, calls } = createTools();
    const large = documentOf('a.pdf', 'application/pdf', `%PDF-1.4${' '.repeat(2000)}`, 'large');
    const none: MediaLimits = { image: undefined, documentBytes: undefined };
    for (const limits of [LIMITS, none]) {
      const { conversation: fitted } = await fitAttachments(conversation([user(large)]), limits, tools, signal);
      expect(fitted.turns[0]?.parts).toMatchObject([{ source: { type: 'text', text: 'its words' } }]);
    }
    await fitAttachments(conversation([user(image(GIF))]), none, tools, signal);
    expect(calls).toEqual(['text pdf large', 'text pdf large']);
  });

  it('treats source code as text, whatever its declared type', async () => {
    const { tools } = createTools();
    const original = conversation([user(documentOf('a.rs', 'application/octet-stream', 'fn main() {}'))]);
    const { conversation: fitted } = await fitAttachments(original, LIMITS, tools, signal);
    expect(fitted.turns[0]?.parts).toMatchObject([{ source: { type: 'text', text: 'fn main() {}' } }]);
  });

  it('passes on Word and Excel files from before 2007, which only the service can read', async () => {
    const { tools } = createTools();
    const magic = Buffer.from('d0cf11e0a1b11ae1', 'hex').toString('latin1');
    const old = (stream: string) => {
      const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.alloc(8), Buffer.from(stream, 'utf16le')]);
      return {
        ...documentOf('a', 'application/x', ''),
        source: { type: 'attachment' as const, attachment: Attachment.fromBytes(bytes) },
      };
    };
    for (const [stream, type] of [
      ['WordDocument', 'application/msword'],
      ['Workbook', 'application/vnd.ms-excel'],
    ] as const) {
      const original = conversation([user(old(stream))]);
      const { conversation: fitted } = await fitAttachments(original, LIMITS, tools, signal);
      expect(fitted.turns[0]?.parts).toMatchObject([{ mediaType: type }]);
      const refused = fitAttachments(original, { ...LIMITS, documentBytes: undefined }, tools, signal);
      await expect(refused).rejects.toMatchObject({
        rule: 'document-format',
        message: expect.stringContaining('x and send that'),
      });
    }
  });

  describe('what cannot be read', () => {
    const broken: MediaTools['readDocument'] = async ({ at }) => {
      throw new GatewayError('invalid_request', `${at}: The PDF specified was not valid: x.`, { param: at });
    };
    const tools = { fitImage: createTools().tools.fitImage, readDocument: broken };
    const svg = image(Buffer.from('<svg/>').toString('base64'), 'image/svg+xml', 'svg');
    const pdf = { ...documentOf('a.pdf', 'application/pdf', '%PDF-1.4', 'pdf'), cachePoint: true };
    const SVG_TEXT = '[An image was here that cannot be read: it is not a PNG, JPEG, GIF or WebP.]';
    const PDF_TEXT = '[A document was here that cannot be read: The PDF specified was not valid: x.]';
    const fitTurns = (...turns: Parameters<typeof conversation>[0]) =>
      fitAttachments(conversation(turns), LIMITS, tools, signal);

    it('is a line of text in the history', async () => {
      const { conversation: fitted, adjustments } = await fitTurns(
        user(svg, pdf, toolResult('t', [pdf])),
        assistant('a'),
        user('b'),
      );
      expect(fitted.turns[0]?.parts).toEqual([
        { type: 'text', at: 'svg', text: SVG_TEXT },
        { type: 'text', at: 'pdf', text: PDF_TEXT, cachePoint: true },
        { ...toolResult('t'), content: [{ type: 'text', at: 'pdf', text: PDF_TEXT, cachePoint: true }] },
      ]);
      expect(adjustments.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
        'attachment-unreadable svg',
        'attachment-unreadable pdf',
        'attachment-unreadable pdf',
      ]);
    });

    it('is one in the result of a tool, except for documents, which agents read again in another way', async () => {
      const { conversation: fitted } = await fitTurns(assistant('a'), user(toolResult('t', [svg])));
      expect(fitted.turns[1]?.parts).toMatchObject([{ content: [{ type: 'text', text: SVG_TEXT }] }]);
      await expect(fitTurns(assistant('a'), user(toolResult('t', [pdf])))).rejects.toMatchObject({ param: 'pdf' });
    });

    it('is refused in the message that the model will answer', async () => {
      await expect(fitTurns(assistant('a'), user(pdf))).rejects.toMatchObject({ param: 'pdf' });
      // By the encoder, which names the field as well.
      expect((await fitTurns(assistant('a'), user(svg))).conversation.turns[1]?.parts).toEqual([svg]);
    });
  });

  it('stops when the client disconnects', async () => {
    const disconnect = new AbortController();
    const tools: Omit<MediaTools, 'fetch'> = {
      fitImage: () => new Promise(() => disconnect.abort()),
      readDocument: () => new Promise(() => {}),
    };
    const fitting = fitAttachments(conversation([user(image())]), LIMITS, tools, disconnect.signal);
    await expect(fitting).rejects.toMatchObject({ code: 'client_closed' });
  });
});

describe('fetching attachments', () => {
  it('fetches each URL once, and names the file after it', async () => {
    const calls: string[] = [];
    const fetch: MediaTools['fetch'] = async ({ url, at }, client) => {
      calls.push(`${client} ${url} ${at}`);
      return Buffer.from('a,b');
    };
    const url = 'https://example.com/x/table.csv?sig=1';
    const original = conversation([user(linked(url, 'one'), toolResult('t', [linked(url, 'two')]))]);
    const { conversation: fetched, adjustments } = await fetchAttachments(original, 'anna', { fetch }, signal);
    expect(calls).toEqual([`anna ${url} one.url`]);
    const source = { type: 'attachment', attachment: Attachment.fromBytes(Buffer.from('a,b')) };
    const file = { name: 'table.csv', source };
    expect(fetched.turns[0]?.parts).toMatchObject([file, { content: [file] }]);
    expect(adjustments.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
      'attachment-fetched one.url',
      'attachment-fetched two.url',
    ]);
    expect(JSON.stringify(adjustments)).not.toContain('sig');
  });

  it('puts a line of text in place of a URL that fails, except in the message that the model will answer', async () => {
    const failing: MediaTools['fetch'] = async ({ at }) => {
      throw new GatewayError('invalid_request', `${at}: could not fetch the URL: x.`, { param: at });
    };
    const url = 'https://example.com/gone.png';
    const old = user(linked(url, 'old', 'image/*'));
    const result = user(toolResult('t', [linked(url, 'result')]));
    const fetching = (...turns: Parameters<typeof conversation>[0]) =>
      fetchAttachments(conversation(turns), 'c', { fetch: failing }, signal);
    const { conversation: fetched, adjustments } = await fetching(old, assistant('a'), result);
    const reason = 'could not fetch the URL: x.';
    expect(fetched.turns[0]?.parts).toEqual([
      { type: 'text', at: 'old', text: `[An image was here that cannot be read: ${reason}]` },
    ]);
    expect(fetched.turns[2]?.parts).toMatchObject([
      { content: [{ type: 'text', text: `[A document was here that cannot be read: ${reason}]` }] },
    ]);
    expect(adjustments.map(({ rule }) => rule)).toEqual(['attachment-unreadable', 'attachment-unreadable']);
    const now = user(linked(url, 'now', 'image/*'));
    await expect(fetching(old, assistant('a'), now)).rejects.toMatchObject({ param: 'now.url' });
    const busy: MediaTools['fetch'] = async () => {
      throw new GatewayError('rate_limited', 'Later.');
    };
    const hurried = fetchAttachments(conversation([old, assistant('a'), user('b')]), 'c', { fetch: busy }, signal);
    await expect(hurried).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('rejects more than a hundred URLs, and files that are too large together', async () => {
    const small: MediaTools['fetch'] = async () => Buffer.alloc(1);
    const large: MediaTools['fetch'] = async () => Buffer.alloc(20 * 1024 * 1024);
    const many = (count: number) =>
      conversation([user(...Array.from({ length: count }, (_, at) => linked(`https://e.com/${at}`, `p${at}`)))]);
    const fetching = (count: number, fetch: MediaTools['fetch']) =>
      fetchAttachments(many(count), 'c', { fetch }, signal);
    expect((await fetching(100, small)).adjustments).toHaveLength(100);
    await expect(fetching(101, small)).rejects.toMatchObject({ code: 'request_too_large', param: 'p100.url' });
    await expect(fetching(4, large)).rejects.toMatchObject({ code: 'request_too_large', param: 'p3.url' });
  });
});

describe('the text of a document', () => {
  it('is read from UTF-8 and marked UTF-16', () => {
    expect(decodeText(Buffer.from('été'))).toEqual({ text: 'été', encoding: 'utf-8' });
    expect(decodeText(Buffer.from('\ufeffété', 'utf16le'))).toEqual({ text: 'été', encoding: 'utf-16le' });
    expect(decodeText(Buffer.from('\ufeffété', 'utf16le').swap16())).toEqual({ text: 'été', encoding: 'utf-16be' });
    expect(decodeText(Buffer.from('\xe9', 'latin1'))).toBeUndefined();
  });
});
