import { describe, expect, it } from 'vitest';
import { notesOf, OPUS, runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, GIF, image, JPEG, PNG, toolResult, user, WEBP } from '../../../../test/support/conversations.ts';
import { images } from './images.ts';

describe('images', () => {
  const cases = [
    { name: 'PNG', data: PNG, type: 'image/png' },
    { name: 'JPEG', data: JPEG, type: 'image/jpeg' },
    { name: 'GIF', data: GIF, type: 'image/gif' },
    { name: 'WebP', data: WEBP, type: 'image/webp' },
  ];
  it.each(cases)('recognises $name by its bytes, whatever was declared', ({ data, type }) => {
    const passed = runPass(images, conversation([user(image(data, 'image/bmp'))]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([{ mediaType: type, attachment: { base64: data } }]);
    expect(notesOf(passed)).toEqual(['image-type messages[0].content[1]']);
  });

  it('accepts image/jpg without a note', () => {
    const passed = runPass(images, conversation([user(image(JPEG, 'image/jpg'))]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([{ mediaType: 'image/jpeg' }]);
    expect(passed.adjustments).toEqual([]);
  });

  it('checks images inside tool results too', () => {
    const input = conversation([user(toolResult('t', [image(GIF, 'image/png', 'inside')]))]);
    expect(notesOf(runPass(images, input))).toEqual(['image-type inside']);
  });

  it('refuses unknown formats, naming the field', () => {
    const input = conversation([user(image('AAAAAAAAAAAAAAAA', 'image/png', 'messages[4].content[2]'))]);
    expect(() => runPass(images, input)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[4].content[2]', rule: 'image-format' }),
    );
  });

  it('replaces images by a mark if the model does not accept them', () => {
    const passed = runPass(images, conversation([user(image(), toolResult('t', [image()]))]), {
      model: { ...OPUS, takesImages: false },
    });
    expect(JSON.stringify(passed.conversation)).not.toContain('"image"');
    expect(passed.adjustments.map(({ rule }) => rule)).toEqual(['image-not-supported', 'image-not-supported']);
  });
});
