import fastJson from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';
import type { SchemasWhenUsed } from './schemas-when-used.ts';

/** Writes answers as Fastify does by default, with only the fields of their schemas. */
export function serializeBySchema(app: FastifyInstance, schemas: SchemasWhenUsed): void {
  app.setSerializerCompiler(({ schema }) => {
    const compiled = schemas.add(() => fastJson(schema as fastJson.Schema));
    return (answer) => compiled()(answer);
  });
}
