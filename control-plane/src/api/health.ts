import { Readable } from 'node:stream';
import { Liveness, Readiness as ReadinessResource } from '@penstock/api-schema';
import { Type } from '@penstock/json-schema';
import type { TypedApp } from './typed-app.ts';

/** Whether the gateway accepts clients; `reasons` says why it does not, or what else is wrong. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

/** The metrics as Prometheus reads them, in pieces: those of a fleet of thousands take megabytes. */
export type MetricsSource = { readonly contentType: string; text(): AsyncIterable<string> };

/** /healthz, /readyz and /metrics: for load balancers and Prometheus, without authentication. */
export function healthRoutes(app: TypedApp, readiness: () => Readiness, metrics: MetricsSource): void {
  const open = { tags: ['health'], security: [] };

  app.get(
    '/healthz',
    { schema: { ...open, summary: 'Check liveness', response: { 200: Liveness } } },
    async () => ({ status: 'alive' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        ...open,
        summary: 'Check readiness: whether the gateway accepts clients',
        response: { 200: ReadinessResource, 503: ReadinessResource },
      },
    },
    async (_request, reply) => {
      const { ready, reasons } = readiness();
      return reply.code(ready ? 200 : 503).send({ ready, reasons: [...reasons] });
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        ...open,
        summary: 'Get Prometheus metrics',
        produces: ['text/plain'],
        response: { 200: Type.Unsafe<Readable>({ type: 'string' }) },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(Readable.from(metrics.text())),
  );
}
