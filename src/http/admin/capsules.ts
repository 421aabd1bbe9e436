/** `GET /v2/requests/{id}/capsule`: everything a recent request exchanged, as one file for a bug report. */
import { z } from 'zod';
import { capsuleSchema } from '../../capsules/format.ts';
import { GatewayError } from '../../core/errors.ts';
import { CAPTURE_LIMITS } from '../../gateway/captures/ring.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerCapsules(app: AdminApp, parts: AdminParts): void {
  app.get(
    '/v2/requests/:id/capsule',
    {
      schema: {
        summary: 'Get a capsule of a recent request, for a bug report',
        description:
          'Without its text, unless `text` is `true`: texts become filler of the same length, names and ids become hashes, images become blank. See docs/capsules.md.',
        params: z.object({ id: z.string() }),
        querystring: z.strictObject({
          text: z
            .enum(['true', 'false'])
            .optional()
            .describe('`true`: keep texts and names. Secrets are masked all the same.'),
        }),
        response: { 200: capsuleSchema },
      },
    },
    async ({ params: { id }, query: { text } }, reply) => {
      const found = await parts.capsules.find(id, text === 'true');
      if (found?.type !== 'found') throw new GatewayError('not_found', await whyMissing(parts, id, found?.type));
      reply.header(
        'content-disposition',
        `attachment; filename="capsule-${id.replaceAll(/[^\w-]/g, '_').slice(0, 100)}.json"`,
      );
      return found.capsule;
    },
  );
}

async function whyMissing(parts: AdminParts, id: string, problem: 'too-large' | undefined): Promise<string> {
  const { mode } = parts.capsules;
  const name = `request ${id.slice(0, 100)}`;
  if (mode === 'off')
    return 'Requests are not captured. Set DRAGOMAN_CAPSULES=failures (or all), restart the gateway and send the request again.';
  if (problem === 'too-large')
    return `The capture of ${name} was dropped because it is too large: its request and reply may have ${mebibytes(CAPTURE_LIMITS.maxRequestBytes)} together.`;
  if (mode === 'failures' && (await hasSucceeded(parts, id)))
    return `There is no capture of ${name} because it succeeded. Set DRAGOMAN_CAPSULES=all, restart the gateway and send the request again.`;
  const { maxRequests, maxBytes, maxAgeMs } = CAPTURE_LIMITS;
  const kind = mode === 'failures' ? 'failed ' : '';
  return `There is no capture of ${name}. Captures are kept in memory for ${maxAgeMs / 60_000} minutes: of the latest ${maxRequests} ${kind}requests, ${mebibytes(maxBytes)} in all, until the gateway that answered them restarts.`;
}

/** False if the ledger is off or does not have the request. */
async function hasSucceeded({ ledger }: AdminParts, id: string): Promise<boolean> {
  const found = await ledger?.opened().then((store) => store.find(id));
  return found?.row.group.outcome === 'ok';
}

function mebibytes(bytes: number): string {
  return `${bytes / 1024 ** 2} MiB`;
}
