/** What the routes of the admin API have in common. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault, RouteOptions } from 'fastify';
import { z } from 'zod';
import { once } from '../../core/once.ts';
import type { ZodTypes } from '../validation.ts';
import { adminError } from './contract/common.ts';
import { ADMIN_EXAMPLES } from './examples.ts';

/** The instance that the routes are registered on: behind the admin token or a session, with the schemas' types. */
export type AdminApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

const nothing = once(() => z.strictObject({}));

/** For the `onRoute` hook: adds to a route what all of them share. */
export function completeRoute(route: RouteOptions): void {
  const { schema = {} } = route;
  route.config = { ...route.config, cors: false };
  route.schema = {
    tags: ['Admin'],
    security: [{ adminToken: [] }, { session: [] }],
    // A misspelt parameter is refused, also where a route has none.
    querystring: nothing,
    ...(schema.body ? { example: ADMIN_EXAMPLES[`${route.method} ${route.url}`] } : {}),
    ...schema,
    response: { ...Object(schema.response), '4xx': refused, '5xx': failed },
  };
}

const refused = once(() => adminError().describe('The request was refused; the message and `param` say why.'));
const failed = once(() => adminError().describe('Not the fault of the request.'));
