import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Attachment } from '../core/attachment.ts';
import { createImageFitter } from './fit-image.ts';

const at = 'messages[0].content[0]';
const LIMITS = { pixels: 200, bytes: 50_000 };
const fitImage = createImageFitter();

/** Noise does not compress: its size is nearly that of its pixels. */
async function picture(
  format: 'png' | 'jpeg' | 'webp' | 'gif',
  width: number,
  height: number,
  { noise = false, channels = 3 as 3 | 4, orientation = 1 } = {},
): Promise<Attachment> {
  let seed = 7;
  const pixels = Buffer.from(
    Uint8Array.from({ length: width * height * channels }, (_, index) => {
      if (!noise) return index % 251 < 125 ? 200 : 20;
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      return seed & 0xff;
    }),
  );
  const image = sharp(pixels, { raw: { width, height, channels } }).toFormat(format);
  const bytes = await (orientation === 1 ? image : image.withMetadata({ orientation })).toBuffer();
  return Attachment.fromBytes(bytes);
}

const sizeOf = (attachment: Attachment | undefined) => sharp(attachment?.decode()).metadata();

describe('fitting images', () => {
  it.each(['png', 'jpeg', 'webp', 'gif'] as const)('passes on a small %s unchanged', async (format) => {
    expect(await fitImage({ attachment: await picture(format, 200, 120), at }, LIMITS)).toBeUndefined();
  });

  it.each(['png', 'jpeg', 'webp', 'gif'] as const)('scales a wide %s down, keeping its shape', async (format) => {
    const fitted = await fitImage({ attachment: await picture(format, 800, 400), at }, LIMITS);
    expect(fitted).toMatchObject({ before: '800×400', after: '200×100' });
    const { width, height, format: made } = await sizeOf(fitted?.attachment);
    expect([width, height]).toEqual([200, 100]);
    expect(fitted?.attachment.format).toBe(made);
  });

  it('keeps screenshots lossless while that fits, and always keeps transparency', async () => {
    const small = await fitImage({ attachment: await picture('png', 400, 400), at }, LIMITS);
    expect(small?.attachment.format).toBe('png');
    const noisy = await picture('png', 400, 400, { noise: true, channels: 4 });
    const compressed = await fitImage({ attachment: noisy, at }, { pixels: 400, bytes: 90_000 });
    expect(compressed?.attachment.format).toBe('webp');
    expect((await sizeOf(compressed?.attachment)).hasAlpha).toBe(true);
  });

  it('reduces a large file', async () => {
    const heavy = await picture('jpeg', 200, 200, { noise: true });
    const bytes = Math.floor(heavy.base64.length / 4);
    const fitted = await fitImage({ attachment: heavy, at }, { pixels: 200, bytes });
    expect(fitted?.attachment.size).toBeLessThanOrEqual(bytes);
  });

  it('rotates a photograph by its EXIF orientation', async () => {
    const fitted = await fitImage({ attachment: await picture('jpeg', 800, 400, { orientation: 6 }), at }, LIMITS);
    expect(fitted?.after).toBe('100×200');
  });

  it('passes on a small image with its dimensions behind pages of metadata', async () => {
    const bytes = (await picture('jpeg', 150, 100)).decode();
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0xf0, 0x00]), Buffer.alloc(0xf000 - 2)]);
    const padded = Attachment.fromBytes(Buffer.concat([bytes.subarray(0, 2), comment, comment, bytes.subarray(2)]));
    const limits = { pixels: 200, bytes: 500_000 };
    expect(await fitImage({ attachment: padded, at }, limits)).toBeUndefined();
    expect(await fitImage({ attachment: padded, at }, { ...limits, pixels: 75 })).toMatchObject({
      after: '75×50',
    });
  });

  it('returns the same bytes every time, in every instance', async () => {
    const attachment = await picture('png', 900, 300, { noise: true });
    const first = await fitImage({ attachment, at }, LIMITS);
    expect(await fitImage({ attachment, at }, LIMITS)).toEqual(first);
    expect(await createImageFitter()({ attachment, at }, LIMITS)).toEqual(first);
  });

  it('rejects a truncated image, and a header without an image', async () => {
    const whole = (await picture('png', 800, 400, { noise: true })).decode();
    const half = whole.subarray(0, whole.length / 2);
    const empty = Buffer.concat([whole.subarray(0, 33), Buffer.alloc(500)]);
    for (const bytes of [half, empty]) {
      await expect(fitImage({ attachment: Attachment.fromBytes(bytes), at }, LIMITS)).rejects.toMatchObject({
        code: 'invalid_request',
        param: at,
        rule: 'image-unreadable',
      });
    }
  });

  it('does not decode an image that claims too many pixels', async () => {
    const claiming = (await picture('png', 10, 10)).decode();
    claiming.writeUInt32BE(60_000, 16);
    claiming.writeUInt32BE(60_000, 20);
    await expect(fitImage({ attachment: Attachment.fromBytes(claiming), at }, LIMITS)).rejects.toMatchObject({
      message: expect.stringContaining('120 megapixels'),
    });
  });

  it('passes on data that is not an image', async () => {
    expect(await fitImage({ attachment: Attachment.fromBytes(Buffer.from('hello')), at }, LIMITS)).toBeUndefined();
  });
});
