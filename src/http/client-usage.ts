/** `GET /v1/usage`: what the calling key has used and what it may use. No admin rights are needed. */
import type { FastifyInstance } from 'fastify';
import { isoTime } from '../core/times.ts';
import { DAY_MS, dayOf, monthOf } from '../core/utc-periods.ts';
import type { CreditUse, LimitsUse } from '../gateway/key-limits/key-limiter.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { type ClientUsage, clientUsage, type ReadClientDays, type UsageSums } from './client-usage-contract.ts';
import { CLIENT_ERRORS, CLIENT_SECURITY } from './openapi.ts';
import { USAGE_PATH } from './paths.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import type { ZodTypes } from './validation.ts';

const DAYS = 31;

export function registerClientUsage(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { apiKeys, keyLimiter, clientDays, clock } = pipeline.options;
  app.withTypeProvider<ZodTypes>().get(
    USAGE_PATH,
    {
      onRequest: pipeline.requireKey,
      schema: {
        tags: ['OpenAI', 'Anthropic'],
        summary: 'What the calling key has used, and its limits',
        description: 'For the key that the request is sent with, alone. It needs no admin rights.',
        security: CLIENT_SECURITY,
        response: { 200: clientUsage, ...CLIENT_ERRORS },
      },
    },
    async ({ exchange }, reply) => {
      reply.header('cache-control', 'no-store');
      const client = exchange.record.client ?? 'local';
      const key = apiKeys.find(client);
      const nowMs = clock.now();
      const [use, days] = await Promise.all([
        key && keyLimiter.use(key),
        clientDays?.(client, dayOf(nowMs).startMs - (DAYS - 1) * DAY_MS),
      ]);
      return {
        object: 'usage',
        ...describeKey(client, key),
        limits: describeLimits(key, use, nowMs),
        ...sumsOf(days, nowMs),
      };
    },
  );
}

function describeKey(id: string, key: StoredKey | undefined): Pick<ClientUsage, 'key'> {
  return {
    key: {
      id,
      name: key?.name ?? null,
      prefix: key?.prefix ?? null,
      expiresAt: key?.expiresAtMs === undefined ? null : isoTime(key.expiresAtMs),
      models: key?.models ? [...key.models] : null,
      group: key?.group ?? null,
    },
  };
}

function describeLimits(key: StoredKey | undefined, use: LimitsUse | undefined, nowMs: number): ClientUsage['limits'] {
  const { counted, credits } = use ?? {};
  const atEnd = (window: { readonly resetsInMs: number } | undefined) =>
    window && window.resetsInMs > 0 ? nowMs + window.resetsInMs : undefined;
  return {
    requestsPerMinute: limitUse(key?.requestsPerMinute, counted?.requests.used, atEnd(counted?.requests)),
    concurrency: limitUse(key?.concurrency, counted?.open, undefined),
    tokensPerMinute: limitUse(key?.tokensPerMinute, counted?.tokens.used, atEnd(counted?.tokens)),
    creditsPerDay: creditsUse(key?.creditsPerDay, credits?.day),
    creditsPerMonth: creditsUse(key?.creditsPerMonth, credits?.month),
  };
}

function creditsUse(
  limit: number | undefined,
  use: CreditUse['day'] | undefined,
): ClientUsage['limits']['creditsPerDay'] {
  return limitUse(limit, use?.credits, use?.endMs);
}

function limitUse(
  limit: number | undefined,
  used = 0,
  resetsAtMs: number | undefined,
): ClientUsage['limits']['creditsPerDay'] {
  if (limit === undefined) return null;
  const remaining = Math.max(0, limit - used);
  return { limit, used, remaining, resetsAt: resetsAtMs === undefined ? null : isoTime(resetsAtMs) };
}

function sumsOf(
  days: Awaited<ReturnType<ReadClientDays>> | undefined,
  nowMs: number,
): Pick<ClientUsage, 'today' | 'month' | 'days'> {
  if (!days) return { today: null, month: null, days: [] };
  const since = (fromMs: number) => add(days.filter(({ startMs }) => startMs >= fromMs));
  return {
    today: since(dayOf(nowMs).startMs),
    month: since(monthOf(nowMs).startMs),
    days: days.map((day) => ({ date: isoTime(day.startMs).slice(0, 10), ...add([day]) })),
  };
}

function add(days: readonly UsageSums[]): UsageSums {
  const total = { requests: 0, errors: 0, inputTokens: 0, outputTokens: 0, credits: 0 };
  for (const day of days) {
    total.requests += day.requests;
    total.errors += day.errors;
    total.inputTokens += day.inputTokens;
    total.outputTokens += day.outputTokens;
    total.credits += day.credits;
  }
  return total;
}
