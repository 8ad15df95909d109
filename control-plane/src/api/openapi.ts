import swagger from '@fastify/swagger';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { FastifyInstance } from 'fastify';

/** Serves the OpenAPI 3.1 document of all routes registered after it at /api/v1/openapi.json, without authentication. */
export async function describeApi(app: FastifyInstance): Promise<void> {
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
        },
      },
      security: [{ adminToken: [] }],
    },
  });
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

type ObjectSchema = {
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly required?: readonly string[];
};

/** A field with a default is always there for the route, but a request can omit it. */
function withoutDefaulted(schema: unknown): unknown {
  const { properties = {}, required = [] } = schema as ObjectSchema;
  const kept = required.filter((name) => properties[name]?.default === undefined);
  return { ...(schema as object), required: kept };
}
