import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';

/** For readers of the description. The routes check addresses themselves, and say what is wrong. */
const ADDRESSES = { ipv4: true, ipv6: true } as const;

/**
 * Validates requests more strictly than Fastify does by default: bodies with wrong types or unknown fields are refused, not
 * coerced. Only path and query parameters are converted from text to the types of their schemas.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = new Ajv2020({ strict: true, useDefaults: true, formats: { 'date-time': true } });
  const url = new Ajv2020({ strict: true, useDefaults: true, coerceTypes: true, formats: ADDRESSES });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : url).compile(schema as object),
  );
}
