import swagger from '@fastify/swagger';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { FastifyInstance } from 'fastify';
import type { SchemasWhenUsed } from '../schemas-when-used.ts';
import { nameSchemas, withoutDefaulted } from './named-schemas.ts';
import { operationId } from './operation-id.ts';

const methods: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete']);

/**
 * Serves the OpenAPI 3.1 document of all routes registered after it at /api/v1/openapi.json, without authentication. It is made
 * once, when it is first read.
 */
export async function describeApi(app: FastifyInstance, schemas: SchemasWhenUsed): Promise<void> {
  await app.register(swagger, {
    // The role of each route, for programs that generate clients or documents.
    transform: ({ schema, url, route }) => {
      const role = route.config?.role;
      const described = { ...schema };
      for (const part of ['body', 'querystring'] as const) {
        if (described[part] !== undefined) described[part] = withoutDefaulted(described[part]);
      }
      return { schema: role === undefined ? described : { ...described, 'x-penstock-role': role }, url };
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Penstock gateway',
        description: 'The control plane of a penstock-gateway. Errors are problem documents (RFC 9457).',
        version: SOFTWARE_VERSION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          adminToken: { type: 'http', scheme: 'bearer', description: 'An admin token: pst_admin_…' },
          consoleSession: {
            type: 'apiKey',
            in: 'header',
            name: 'Penstock-Session',
            description: 'The second half of a console session; the first half is a cookie.',
          },
        },
      },
      security: [{ adminToken: [] }, { consoleSession: [] }],
    },
  });
  const text = schemas.add(() => JSON.stringify(documentOf(app)));
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(text()),
  );
}

/** The document of an app that is ready. */
export function documentOf(app: FastifyInstance): object {
  const document = app.swagger() as { readonly paths?: Readonly<Record<string, object>> };
  const paths = Object.entries(document.paths ?? {}).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]: [string, object]) => [
        method,
        methods.has(method)
          ? { operationId: operationId(method.toUpperCase(), path), ...operation }
          : operation,
      ]),
    ),
  ]);
  return nameSchemas({ ...document, paths: Object.fromEntries(paths) });
}
