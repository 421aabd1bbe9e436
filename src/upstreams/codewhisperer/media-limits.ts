/** What the wire profile says of images and documents, as far as it must be seen to before encoding. */
import type { Model } from '../../core/models.ts';
import type { Access, MediaLimits, ResolvedModel } from '../upstream.ts';
import { SHIPPED_PROFILES, type WireProfile, type WireProfiles } from './profiles.ts';

export function mediaLimits(
  access: Access,
  { model }: ResolvedModel,
  profiles: WireProfiles = SHIPPED_PROFILES,
): MediaLimits {
  const profile = profiles.get(access.wireProfile);
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
