/** Learned facts as they are shown. Those that no longer apply are left out. */
import type { LearnedFacts } from '../../accounts/ports.ts';
import type { LearnedReadings, LearnedWireProfile } from '../../core/learned-facts.ts';
import { isoTime } from '../../core/times.ts';
import type { LearnedView } from './contract/learned.ts';

export function toLearnedView(facts: LearnedFacts, nowMs: number): LearnedView {
  const { wireProfile, closingEvents = [], readings = {}, profileArn } = facts;
  return {
    wireProfile: wireProfile && wireProfile.untilMs > nowMs ? toWireProfileView(wireProfile) : null,
    closingEvents: [...closingEvents],
    readings: Object.entries(readings).flatMap(([id, learned]) => toReadingViews(id, learned)),
    profileArn: profileArn ?? null,
  };
}

function toWireProfileView({ id, sinceMs, untilMs, refused = [] }: LearnedWireProfile): LearnedView['wireProfile'] {
  return {
    id,
    since: sinceMs === undefined ? null : isoTime(sinceMs),
    until: isoTime(untilMs),
    refused: refused.map(({ atMs, ...refusal }) => ({ ...refusal, at: isoTime(atMs) })),
  };
}

function toReadingViews(wireProfile: string, { readings, atMs }: LearnedReadings): LearnedView['readings'] {
  return Object.entries(readings).map(([rule, reading]) => ({ wireProfile, rule, reading, at: isoTime(atMs) }));
}
