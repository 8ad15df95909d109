import type { Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import Type from 'typebox';
import type { Alerts } from '../alerts/alerts.ts';
import { AlertDelivery, AlertResource, AlertState, alertDelivery, alertResource } from './alert-resource.ts';
import { Name, NextCursor, PageQuery, problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

export type AlertsDependencies = {
  readonly store: Pick<Store, 'alerts' | 'audit'>;
  readonly alerts: Pick<Alerts, 'firing' | 'test'>;
  readonly clock: () => number;
};

const AlertList = Type.Object({ items: Type.Array(AlertResource), nextCursor: NextCursor });
const AlertQuery = Type.Object(
  { ...PageQuery.properties, state: Type.Optional(AlertState) },
  { additionalProperties: false },
);
const OneAlert = Type.Intersect([
  AlertResource,
  Type.Object({ deliveries: Type.Array(AlertDelivery, { description: 'Oldest first.' }) }),
]);
const TestRequest = Type.Object({ receiver: Name }, { additionalProperties: false });
const TestResult = Type.Object({
  receiver: Type.String(),
  delivered: Type.Boolean(),
  milliseconds: Type.Integer(),
  detail: Type.String({ description: 'What the receiver answered, or why it did not.' }),
});
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** /alerts: what holds, what held, and whether those who must hear of it have heard. */
export function alertRoutes(app: TypedApp, { store, alerts, clock }: AlertsDependencies): void {
  app.get(
    '/alerts',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Alerts, newest first',
        description: 'Those of `state=firing` come from memory. What is over is kept for 30 days.',
        tags: ['alerts'],
        querystring: AlertQuery,
        response: { 200: AlertList, ...problems },
      },
    },
    async ({ query: { limit, cursor, state } }) => {
      const rows =
        state === 'firing'
          ? alerts.firing.filter(({ id }) => cursor === undefined || id < cursor).slice(0, limit)
          : await store.alerts.list({ before: cursor, state, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(alertResource), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.get(
    '/alerts/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One alert, and who has heard of it',
        tags: ['alerts'],
        params: Params,
        response: { 200: OneAlert, ...problems },
      },
    },
    async ({ params: { id } }) => {
      const alert = await store.alerts.byId(id);
      if (alert === undefined) throw new ProblemError('NOT_FOUND', `There is no alert ${id}.`);
      const deliveries = await store.alerts.deliveriesOf([id]);
      return { ...alertResource(alert), deliveries: deliveries.map(alertDelivery) };
    },
  );

  app.post(
    '/alerts/test',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Send a test message to a receiver',
        description:
          '`receiver` is the name of a `notify` entry of gateway.yaml. What came of it is the answer.',
        tags: ['alerts'],
        body: TestRequest,
        response: { 200: TestResult, ...problems },
      },
    },
    async ({ body: { receiver }, actor }) => {
      const test = await alerts.test(receiver);
      if (test === 'unknown') {
        throw new ProblemError('NOT_FOUND', `There is no receiver ${receiver} under notify in gateway.yaml.`);
      }
      if (test === 'busy') {
        throw new ProblemError('TOO_MANY_REQUESTS', `A test of ${receiver} is under way.`, { retryAfter: 1 });
      }
      const delivered = test.name === 'delivered';
      const subject = `receiver:${receiver}`;
      await store.audit.append({
        at: clock(),
        actor: actor.id,
        action: 'alert.test',
        subject,
        address: actor.address,
        after: { delivered },
      });
      const detail = delivered
        ? `The receiver responded with HTTP ${test.status}.`
        : test.name === 'aborted'
          ? 'The gateway stops.'
          : test.detail;
      return { receiver, delivered, milliseconds: test.milliseconds, detail };
    },
  );
}
