/** The admin API's routes with their schemas, as registered by a server. */
import Fastify from 'fastify';
import { z } from 'zod';
import { registerAdmin } from '../../src/http/admin/routes.ts';
import { RequestPipeline } from '../../src/http/request-pipeline.ts';
import { RouteList } from '../../src/http/route-list.ts';
import { SCHEMA_CONTROLLER, zodSchema, zodValidator } from '../../src/http/validation.ts';
import { createFakeGateway, fakeServerOptions } from './serving.ts';

export interface AdminRoute {
  readonly method: string;
  /** `/v2/accounts/:id` */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject | undefined;
  readonly example: unknown;
  readonly answer: z.ZodType;
}

async function listAdminRoutes(): Promise<readonly AdminRoute[]> {
  const app = Fastify({ schemaController: SCHEMA_CONTROLLER });
  app.setValidatorCompiler(zodValidator);
  const routes = new RouteList();
  app.addHook('onRoute', routes.add);
  registerAdmin(app, new RequestPipeline(fakeServerOptions(createFakeGateway()), true));
  await app.ready();
  return routes.described.map(({ method, url, schema: { summary = '', querystring, body, example, response } }) => {
    const { 200: done, 201: created }: { 200?: unknown; 201?: unknown } = Object(response);
    const answer = zodSchema(done ?? created);
    const query = zodSchema(querystring);
    const shape = zodSchema(body);
    if (!(query instanceof z.ZodObject) || !answer)
      throw new Error(`${method} ${url} has no schema for its query or its answer.`);
    return {
      method,
      path: url,
      summary,
      query,
      body: shape instanceof z.ZodObject ? shape : undefined,
      example,
      answer,
    };
  });
}

export const ADMIN_ROUTES = await listAdminRoutes();
