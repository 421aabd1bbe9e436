/** The wire profile's limits on images and documents that apply before encoding. */
import type { Model } from '../../core/models.ts';
import type { Access, MediaLimits, ResolvedModel } from '../upstream.ts';
import { SHIPPED_PROFILES, type WireProfile, type WireProfiles } from './profiles.ts';

export function mediaLimits(
  access: Access,
  { model }: ResolvedModel,
  profiles: WireProfiles = SHIPPED_PROFILES,
): MediaLimits {
  const profile = profiles.of(access);
  const { imageFitPixels, imageBytes, documentBytes } = profile.limits;
  return {
    image: model?.takesImages === false ? undefined : { pixels: imageFitPixels, bytes: imageBytes },
    documentBytes: takesDocuments(profile, model) ? documentBytes : undefined,
  };
}

/** The catalogue says nothing about documents; models without image input read no pages either. */
export function takesDocuments(profile: WireProfile, model: Model | undefined): boolean {
  return profile.accepts.documents && model?.takesImages !== false;
}
