/** What the wire profile says of images and documents, as far as it must be seen to before encoding. */
import type { Model } from '../../core/models.ts';
import type { Access, MediaLimits, ResolvedModel } from '../upstream.ts';
import { type WireProfile, wireProfile } from './profiles.ts';

export function mediaLimits(access: Access, { model }: ResolvedModel): MediaLimits {
  const profile = wireProfile(access.wireProfile);
  const { imageFitPixels, imageBytes, documentBytes } = profile.limits;
  return {
    image: model?.takesImages === false ? undefined : { pixels: imageFitPixels, bytes: imageBytes },
    documentBytes: takesDocuments(profile, model) ? documentBytes : undefined,
  };
}

/** The catalogue has no word for documents; models which see no images read no pages either. */
export function takesDocuments(profile: WireProfile, model: Model | undefined): boolean {
  return profile.accepts.documents && model?.takesImages !== false;
}
