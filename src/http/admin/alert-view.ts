/** An alert as it is shown. */
import { isoTime } from '../../core/times.ts';
import type { Alert } from '../../gateway/alerts/ports.ts';
import type { AlertView } from './contract/alerts.ts';

export function toAlertView({ id, type, severity, subject, message, beganAtMs, endedAtMs }: Alert): AlertView {
  return {
    ...{ id, type, severity, message },
    subject: subject ?? null,
    beganAt: isoTime(beganAtMs),
    endedAt: endedAtMs === undefined ? null : isoTime(endedAtMs),
  };
}
