import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';

/**
 * Validates requests more strictly than Fastify does by default: bodies with wrong types or unknown fields are refused, not
 * coerced. Only path and query parameters are converted from text to the types of their schemas.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = new Ajv2020({ strict: true, useDefaults: true, formats: { 'date-time': true } });
  const url = new Ajv2020({ strict: true, useDefaults: true, coerceTypes: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : url).compile(schema as object),
  );
}
