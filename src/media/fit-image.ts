/**
 * Scales images down to the service's limits, and rotates them by their EXIF orientation. Images that fit are sent byte
 * for byte, so that every turn sends the same. sharp (libvips) works on its own threads and is loaded when the first
 * image needs it.
 */
import type { OutputInfo, Sharp, SharpOptions } from 'sharp';
import { Attachment } from '../core/attachment.ts';
import { GatewayError } from '../core/errors.ts';
import { isImageFormat } from '../core/file-format.ts';
import type { FitImage, FittedImage } from '../gateway/ports.ts';
import { Remembered } from './remembered.ts';

type ImageLimits = Parameters<FitImage>[1];

export function createImageFitter(): FitImage {
  const fitted = new Remembered<FittedImage | undefined>(
    REMEMBERED_CHARACTERS,
    (result) => (result?.attachment.base64.length ?? 0) + 100,
  );
  return async ({ attachment, at }, limits) => {
    if (fits(attachment, limits)) return undefined;
    try {
      return await fitted.get(`${limits.pixels} ${limits.bytes}`, attachment.hash, () => scale(attachment, limits));
    } catch (cause) {
      const message = `${at}: the image could not be read. Send a complete PNG, JPEG, GIF or WebP of at most ${MAX_PIXELS / 1e6} megapixels.`;
      throw new GatewayError('invalid_request', message, { param: at, rule: 'image-unreadable', cause });
    }
  };
}

/** An agent sends its whole history in every request; the same screenshot is scaled once. */
const REMEMBERED_CHARACTERS = 32 * 1024 * 1024;
/** The resolution of a phone camera; a decoded pixel takes four bytes. */
const MAX_PIXELS = 120_000_000;
/** Below this, an image without its dimensions in the first bytes is passed on unchecked. */
const SMALL_CHARACTERS = 64 * 1024;

function fits({ size, format, pixels, base64 }: Attachment, limits: ImageLimits): boolean {
  if (size > limits.bytes) return false;
  if (!isImageFormat(format)) return true; // the encoder rejects it by its format
  return pixels ? Math.max(pixels.width, pixels.height) <= limits.pixels : base64.length <= SMALL_CHARACTERS;
}

/** undefined if the image fits, although its first bytes did not show it. */
async function scale(attachment: Attachment, { pixels, bytes }: ImageLimits): Promise<FittedImage | undefined> {
  const { default: sharp } = await import('sharp');
  const input = attachment.decode();
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
    const result = await output.timeout({ seconds: 20 }).toBuffer({ resolveWithObject: true });
    if (result.data.length <= bytes) return toFittedImage(result, before);
  }
  throw new Error('no attempt made the image small enough');
}

function toFittedImage({ data, info }: { data: Buffer; info: OutputInfo }, before: string): FittedImage {
  const after = `${info.width}×${info.height}`;
  return { attachment: Attachment.fromBytes(data), before, after };
}

interface Attempt {
  /** undefined if the attempt does not apply to this image. */
  toFormat(image: Sharp, hasAlpha: boolean, format: string | undefined): Sharp | undefined;
  readonly shrink: number;
}

/** Drawings and screenshots stay lossless while that fits; photographs become JPEG. */
const lossless = (image: Sharp, _hasAlpha: boolean, format: string | undefined): Sharp | undefined =>
  format === 'png' || format === 'gif' ? image.png({ compressionLevel: 9 }) : undefined;

/** WebP for images with transparency, which JPEG lacks. */
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
