import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import fastJson from 'fast-json-stringify';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { apiRig } from './api-rig.ts';

const PARTS = ['body', 'querystring', 'params'] as const;

// They are compiled when a request needs them: a mistake in one would not be noticed before.
test('the schemas of every route compile', async () => {
  const routes: RouteOptions[] = [];
  subscribe('fastify.initialization', (created) => {
    const { fastify } = created as { fastify: FastifyInstance };
    fastify.addHook('onRoute', (route) => void routes.push(route));
  });
  await using api = await apiRig();
  await api.app.ready();
  let requests = 0;
  let answers = 0;
  for (const { url, method, schema = {} } of routes) {
    for (const httpPart of PARTS) {
      if (schema[httpPart] === undefined) continue;
      const validate = api.app.validatorCompiler?.({
        schema: schema[httpPart],
        method: String(method),
        url,
        httpPart,
      });
      assert.ok(validate);
      assert.doesNotThrow(() => validate({}), `${httpPart} of ${method} ${url}`);
      requests += 1;
    }
    for (const [status, answer] of Object.entries(schema.response ?? {})) {
      assert.doesNotThrow(() => fastJson(answer as fastJson.Schema), `${status} of ${method} ${url}`);
      answers += 1;
    }
  }
  assert.ok(requests > 60 && answers > 60, `${requests} parts of requests, ${answers} answers`);
});
