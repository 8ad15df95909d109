import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import type { FastifyValidationResult } from 'fastify/types/schema.js';
import type { SchemasWhenUsed } from './schemas-when-used.ts';

/** For readers of the description. The routes check addresses themselves, and say what is wrong. */
const ADDRESSES = { ipv4: true, ipv6: true } as const;

/**
 * Validates requests more strictly than Fastify does by default: bodies with wrong types or unknown fields are refused, not
 * coerced. Only path and query parameters are converted from text to the types of their schemas.
 */
export function validateStrictly(app: FastifyInstance, schemas: SchemasWhenUsed): void {
  const body = schemas.add(
    () => new Ajv2020({ strict: true, useDefaults: true, formats: { 'date-time': true } }),
  );
  const url = schemas.add(
    () => new Ajv2020({ strict: true, useDefaults: true, coerceTypes: true, formats: ADDRESSES }),
  );
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const compiled = schemas.add<ValidateFunction>(() =>
      (httpPart === 'body' ? body() : url()).compile(schema as object),
    );
    const validate: FastifyValidationResult = (value: unknown) => {
      const isValid = compiled()(value);
      // Fastify reads them where ajv leaves them.
      validate.errors = compiled().errors ?? null;
      return isValid;
    };
    return validate;
  });
}
