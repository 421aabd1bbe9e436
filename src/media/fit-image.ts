/**
 * Scales images down to what the service takes, turned upright as their EXIF data says. Images which fit are never
 * touched: the same bytes go out, turn after turn. sharp (libvips) works on threads of its own and is loaded when the
 * first image needs it.
 */
import type { OutputInfo, Sharp, SharpOptions } from 'sharp';
import { GatewayError } from '../core/errors.ts';
import { imageFormat, imageHead, imageSize } from '../core/image-size.ts';
import type { FitImage, FittedImage } from '../gateway/ports.ts';
import { Remembered } from './remembered.ts';

type ImageLimits = Parameters<FitImage>[1];

export function createImageFitter(): FitImage {
  const fitted = new Remembered<FittedImage | undefined>(
    REMEMBERED_CHARACTERS,
    (made) => (made?.data.length ?? 0) + 100,
  );
  return async ({ data, at }, limits) => {
    if (fits(data, limits)) return undefined;
    try {
      return await fitted.get(`${limits.pixels} ${limits.bytes}`, data, () => scale(data, limits));
    } catch (cause) {
      const message = `${at}: the image cannot be read. Send a whole PNG, JPEG, GIF or WebP of at most ${MAX_PIXELS / 1e6} megapixels.`;
      throw new GatewayError('invalid_request', message, { param: at, rule: 'image-unreadable', cause });
    }
  };
}

/** An agent sends its whole history each time; scaling the same screenshot each time would be a waste. */
const REMEMBERED_CHARACTERS = 32 * 1024 * 1024;
/** As many as a phone's camera has; a decoded one takes four bytes each. */
const MAX_PIXELS = 120_000_000;
/** Smaller than this, an image whose size is not in its head is left to the service. */
const SMALL_CHARACTERS = 64 * 1024;

function fits(data: string, { pixels, bytes }: ImageLimits): boolean {
  if ((data.length * 3) / 4 > bytes + 2) return false;
  const head = imageHead(data);
  if (imageFormat(head) === undefined) return true; // none of ours: the encoder refuses it by its bytes
  const size = imageSize(head);
  return size ? Math.max(size.width, size.height) <= pixels : data.length <= SMALL_CHARACTERS;
}

/** Undefined: it fits, though its head did not say so. */
async function scale(data: string, { pixels, bytes }: ImageLimits): Promise<FittedImage | undefined> {
  const { default: sharp } = await import('sharp');
  const input = Buffer.from(data, 'base64');
  const options: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: 'truncated', pages: 1 };
  const { width, height, hasAlpha, format } = await sharp(input, options).metadata();
  if (Math.max(width, height) <= pixels && input.length <= bytes) return undefined;
  const before = `${width}×${height}`;
  let side = pixels;
  for (const { toFormat, shrink } of ATTEMPTS) {
    side = Math.floor(side * shrink);
    const upright = sharp(input, options)
      .autoOrient()
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
    const output = toFormat(upright, hasAlpha, format);
    if (!output) continue;
    const made = await output.timeout({ seconds: 20 }).toBuffer({ resolveWithObject: true });
    if (made.data.length <= bytes) return described(made, before);
  }
  throw new Error('no attempt made the image small enough');
}

function described({ data, info }: { data: Buffer; info: OutputInfo }, before: string): FittedImage {
  const after = `${info.width}×${info.height}`;
  return { data: data.toString('base64'), mediaType: `image/${info.format}`, before, after };
}

interface Attempt {
  /** Undefined: not for this image. */
  toFormat(image: Sharp, hasAlpha: boolean, format: string | undefined): Sharp | undefined;
  readonly shrink: number;
}

/** What a picture is decides how it is kept: drawings and screenshots lossless while that fits, photographs as JPEG. */
const lossless = (image: Sharp, _hasAlpha: boolean, format: string | undefined): Sharp | undefined =>
  format === 'png' || format === 'gif' ? image.png({ compressionLevel: 9 }) : undefined;

/** JPEG has no transparency; WebP has. */
const lossy =
  (quality: number) =>
  (image: Sharp, hasAlpha: boolean, format: string | undefined): Sharp =>
    hasAlpha || format === 'webp' ? image.webp({ quality }) : image.jpeg({ quality, mozjpeg: true });

const ATTEMPTS: readonly Attempt[] = [
  { toFormat: lossless, shrink: 1 },
  { toFormat: lossy(85), shrink: 1 },
  { toFormat: lossy(70), shrink: 1 },
  { toFormat: lossy(70), shrink: 0.75 },
  { toFormat: lossy(60), shrink: 0.67 },
  { toFormat: lossy(50), shrink: 0.5 },
];
