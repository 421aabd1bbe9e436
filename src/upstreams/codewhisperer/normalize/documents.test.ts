import { describe, expect, it } from 'vitest';
import { notesOf, OPUS, runPass } from '../../../../test/support/codewhisperer.ts';
import { attachmentOf, conversation, documentOf, toolResult, user } from '../../../../test/support/conversations.ts';
import type { DocumentPart } from '../../../core/conversation.ts';
import { wireProfile } from '../profiles.ts';
import { documents } from './documents.ts';

const at = 'messages[0].content[1]';
const partsOf = (part: DocumentPart, profileId = 'q-rest') =>
  runPass(documents, conversation([user(part)]), { profile: wireProfile(profileId) }).conversation.turns[0]?.parts;

describe('documents', () => {
  it('puts text documents into the message under their title', () => {
    const part: DocumentPart = {
      type: 'document',
      at,
      name: 'a "b"',
      mediaType: 'text/plain',
      source: { type: 'text', text: 'Hello' },
    };
    expect(partsOf(part)).toEqual([{ type: 'text', at, text: '<document title="a \\"b\\"">\nHello\n</document>' }]);
  });

  it('decodes textual media types into the message', () => {
    const passed = runPass(documents, conversation([user(documentOf('a.json', 'application/json', '{"ä":1}'))]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([
      { text: '<document title="a.json">\n{"ä":1}\n</document>' },
    ]);
    expect(notesOf(passed)).toEqual([`document-inlined ${at}`]);
  });

  const native = [
    { name: 'report', mediaType: 'application/pdf', format: 'application/pdf' },
    { name: 'table.csv', mediaType: 'application/octet-stream', format: 'text/csv' },
    { name: 'page', mediaType: 'text/html; charset=utf-8', format: 'text/html' },
    { name: 'sheet.xlsx', mediaType: '', format: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
  ];
  it.each(native)('sends $name $mediaType unchanged', ({ name, mediaType, format }) => {
    const [document] = partsOf(documentOf(name, mediaType, 'bytes')) ?? [];
    expect(document).toMatchObject({ type: 'document', mediaType: format, name: name.split('.')[0] });
  });

  it('recognises PDFs by their bytes', () => {
    expect(partsOf(documentOf(undefined, 'application/octet-stream', '%PDF-1.7'))).toMatchObject([
      { type: 'document', mediaType: 'application/pdf', name: 'document' },
    ]);
  });

  it('renames documents to unique names the service accepts, and marks the originals', () => {
    const passed = runPass(
      documents,
      conversation([
        user(
          documentOf('报告.pdf', 'application/pdf', 'a', 'one'),
          documentOf('报告.pdf', 'application/pdf', 'b', 'two'),
        ),
      ]),
    );
    expect(passed.conversation.turns[0]?.parts).toMatchObject([
      { name: 'document' },
      { text: '[Document "报告.pdf" is attached as "document".]' },
      { name: 'document-2' },
      { text: '[Document "报告.pdf" is attached as "document-2".]' },
    ]);
    expect(notesOf(passed)).toEqual(['document-name one', 'document-name two']);
  });

  it('sends text if the wire profile does not accept documents', () => {
    expect(partsOf(documentOf('a.md', 'text/markdown', '# Hi'), 'codewhisperer-legacy')).toMatchObject([
      { text: '<document title="a.md">\n# Hi\n</document>' },
    ]);
  });

  it('sends text if the model does not accept images', () => {
    const input = conversation([user(documentOf('a.md', 'text/markdown', '# Hi'))]);
    const passed = runPass(documents, input, { model: { ...OPUS, takesImages: false } });
    expect(passed.conversation.turns[0]?.parts).toMatchObject([{ type: 'text' }]);
  });

  const refused = [
    {
      name: 'a PDF that the wire profile does not accept',
      part: documentOf('a.pdf', 'application/pdf', 'x'),
      profile: 'codewhisperer-legacy',
      says: /does not support PDF input/,
    },
    {
      name: 'an archive',
      part: documentOf('a.zip', 'application/zip', 'x'),
      profile: 'q-rest',
      says: /does not support application\/zip input/,
    },
    {
      name: 'text that is not UTF-8',
      part: {
        ...documentOf('a.json', 'application/json', ''),
        source: { type: 'attachment', attachment: attachmentOf('//79') },
      } as DocumentPart,
      profile: 'q-rest',
      says: /not UTF-8 text/,
    },
  ];
  it.each(refused)('refuses $name, naming the field', ({ part, profile, says }) => {
    const pass = () => partsOf(part, profile);
    expect(pass).toThrow(says);
    expect(pass).toThrow(expect.objectContaining({ code: 'invalid_request', param: at }));
  });

  it('inlines text documents in tool results, and leaves files for the next pass', () => {
    const inside = [documentOf('a.json', 'application/json', '1'), documentOf('b', 'application/pdf', 'x')];
    const { conversation: after } = runPass(documents, conversation([user(toolResult('t', inside))]));
    expect(after.turns[0]?.parts).toMatchObject([{ content: [{ type: 'text' }, { type: 'document', name: 'b' }] }]);
  });
});
