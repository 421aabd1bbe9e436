import { describe, expect, it } from 'vitest';
import { GIF, JPEG, PNG, WEBP } from '../../test/support/conversations.ts';
import { Attachment } from './attachment.ts';
import { declaredFormat, formatOf } from './file-format.ts';

const bytes = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.from([0xff, 0xfe, 0xfb, 0xef])]);
const standard = bytes.toString('base64');

describe('an attachment', () => {
  it('carries standard base64 as it came', () => {
    expect(Attachment.fromBase64(standard)).toMatchObject({ base64: standard, size: bytes.length, format: 'png' });
    expect(Attachment.fromBase64(standard)?.decode().equals(bytes)).toBe(true);
  });

  it.each([
    ['the URL alphabet', bytes.toString('base64url')],
    ['line breaks', standard.replaceAll(/(.{20})/g, '$1\r\n')],
    ['missing padding', standard.replace(/=+$/, '')],
  ])('makes standard base64 of %s', (_name, text) => {
    expect(text).not.toBe(standard);
    expect(Attachment.fromBase64(text)).toMatchObject({ base64: standard, size: bytes.length });
  });

  it('keeps unused bits in the last character', () => {
    expect(Attachment.fromBase64('R0lGOD==')).toMatchObject({ base64: 'R0lGOD==', size: 4 });
  });

  it.each(['', '=', '====', 'A', 'AAAAA', 'AA$A', 'AA==AAAA', 'A\u0141AA', 'AAAA\u0000AAA', 'data:,x'])(
    'is not made of %j',
    (text) => {
      expect(Attachment.fromBase64(text)).toBeUndefined();
    },
  );

  it('knows the size of an image in pixels', () => {
    expect(Attachment.fromBase64(PNG)?.pixels).toEqual({ width: 1, height: 1 });
    expect(Attachment.fromBytes(Buffer.from('text')).pixels).toBeUndefined();
  });

  it('has one hash for the same bytes', () => {
    expect(Attachment.fromBytes(bytes).hash).toBe(Attachment.fromBase64(standard)?.hash);
    expect(Attachment.fromBytes(bytes).hash).not.toBe(Attachment.fromBase64(PNG)?.hash);
  });

  it('is made of the bytes in a part of a buffer', () => {
    const whole = new Uint8Array([0, 1, 2, 3, 4]);
    expect(Attachment.fromBytes(whole.subarray(1, 4)).decode()).toEqual(Buffer.from([1, 2, 3]));
  });
});

describe('the format of a file', () => {
  it.each([
    ['%PDF-1.7', 'pdf'],
    ['\n\n%PDF-1.7', 'pdf'],
    ['a,b', 'text'],
    ['', 'text'],
    ['PK\x03\x04 something', 'unknown'],
    ['PK\x03\x04 word/document.xml', 'docx'],
    ['PK\x03\x04 xl/workbook.xml', 'xlsx'],
    ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'unknown'],
    ['\x00\x01', 'unknown'],
    ['\xff\xfea\x00', 'text'],
    ['RIFF\x24\x00\x00\x00WAVE', 'unknown'],
  ])('of %j is %s', (text, expected) => {
    expect(formatOf(Buffer.from(text, 'latin1'))).toBe(expected);
  });

  it.each([
    [PNG, 'png'],
    [JPEG, 'jpeg'],
    [GIF, 'gif'],
    [WEBP, 'webp'],
  ])('of an image is that of its bytes', (base64, expected) => {
    expect(Attachment.fromBase64(base64)?.format).toBe(expected);
  });

  it.each([
    ['text/csv; charset=utf-8', undefined, 'csv'],
    ['TEXT/HTML', 'a.pdf', 'html'],
    ['application/octet-stream', 'README.MD', 'md'],
    ['', 'page.htm', 'html'],
    ['', 'pdf', undefined],
    ['application/zip', undefined, undefined],
  ])('declared as %j, called %j, is %s', (mediaType, name, expected) => {
    expect(declaredFormat(mediaType, name)).toBe(expected);
  });
});
