import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import fastJson from 'fast-json-stringify';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { apiRig } from './api-rig.ts';

const PARTS = ['body', 'querystring', 'params'] as const;

test('a gateway that is about to serve clients compiles the schemas of its API before', async () => {
  const listener = (created: unknown) => {
    const { fastify } = created as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ url, schema }) => {
      if (url === '/api/v1/agents/bulk') Object.assign(schema ?? {}, { body: { type: 'nonsense' } });
    });
  };
  subscribe('fastify.initialization', listener);
  try {
    await using lazy = await apiRig();
    await lazy.app.ready();
    await using eager = await apiRig({ compileSchemas: true });
    await assert.rejects(async () => await eager.app.ready(), /nonsense|type must be/);
  } finally {
    unsubscribe('fastify.initialization', listener);
  }
  await using whole = await apiRig({ compileSchemas: true });
  await whole.app.ready();
});

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
