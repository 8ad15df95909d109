import { whenUsed } from '@penstock/json-schema';
import fastJson from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';

/**
 * Writes answers as Fastify does by default, with only the fields of their schemas, but compiles a schema for the first answer
 * that needs it.
 */
export function serializeBySchema(app: FastifyInstance): void {
  app.setSerializerCompiler(({ schema }) => {
    const compiled = whenUsed(() => fastJson(schema as fastJson.Schema));
    return (answer) => compiled()(answer);
  });
}
