import Type from 'typebox';
import type { TypedApp } from './typed-app.ts';

/** Whether the gateway would take a client now; the reasons say why not. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

/** What is needed of a prom-client registry. */
export type MetricsRegistry = { readonly contentType: string; metrics(): Promise<string> };

const Alive = Type.Object({ status: Type.Literal('alive') });
const Ready = Type.Object({ ready: Type.Boolean(), reasons: Type.Array(Type.String()) });

/** /healthz, /readyz and /metrics: for load balancers and Prometheus, which have no tokens. */
export function healthRoutes(app: TypedApp, readiness: () => Readiness, metrics: MetricsRegistry): void {
  const open = { tags: ['health'], security: [] };

  app.get(
    '/healthz',
    { schema: { ...open, summary: 'The gateway is alive', response: { 200: Alive } } },
    async () => ({ status: 'alive' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        ...open,
        summary: 'The gateway would take a client now',
        response: { 200: Ready, 503: Ready },
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
        summary: 'Prometheus metrics',
        produces: ['text/plain'],
        response: { 200: Type.String() },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}
