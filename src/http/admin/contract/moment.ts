/** A point in time as the admin API writes it. */
import { z } from 'zod';

/** ISO 8601, UTC. */
export const moment = z.iso.datetime().describe('A time, ISO 8601 in UTC.');
