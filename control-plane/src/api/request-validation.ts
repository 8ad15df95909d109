import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';

/**
 * Strict where Fastify is lenient: a body of the wrong type or with an unknown field is refused, not mended. Only
 * what stands in a URL is turned from text into the type its schema wants.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = new Ajv2020({ strict: true, useDefaults: true, formats: { 'date-time': true } });
  const url = new Ajv2020({ strict: true, useDefaults: true, coerceTypes: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : url).compile(schema as object),
  );
}
