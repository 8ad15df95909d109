import { AlertDetail, AlertPage, AlertQuery, IdParams, problemResponses } from '@penstock/api-schema';
import type { AlertRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { Silences } from '../alerts/silences.ts';
import { alertNotification, alertResource } from './alert-resource.ts';
import type { TypedApp } from './typed-app.ts';

export type AlertsDependencies = {
  readonly store: Pick<Store, 'alerts'>;
  readonly alerts: Pick<AlertService, 'firing'>;
  readonly silences: Pick<Silences, 'silenceOf'>;
};

/** /alerts: firing and resolved alerts, and their notifications. */
export function alertRoutes(app: TypedApp, { store, alerts, silences }: AlertsDependencies): void {
  const resourceOf = (alert: AlertRow) =>
    alertResource(alert, alert.state === 'firing' ? silences.silenceOf(alert)?.id : undefined);

  app.get(
    '/alerts',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List alerts, newest first',
        description:
          'With `state=firing`, alerts are read from memory and are available even while the store is not. Resolved ' +
          'alerts are retained for 30 days.',
        tags: ['alerts'],
        querystring: AlertQuery,
        response: { 200: AlertPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, state } }) => {
      const rows =
        state === 'firing'
          ? alerts.firing.filter(({ id }) => cursor === undefined || id < cursor).slice(0, limit)
          : await store.alerts.list({ before: cursor, state, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(resourceOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.get(
    '/alerts/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get an alert and its notifications',
        tags: ['alerts'],
        params: IdParams,
        response: { 200: AlertDetail, ...problemResponses },
      },
    },
    async ({ params: { id } }) => {
      const alert = await store.alerts.byId(id);
      if (alert === undefined) throw new ProblemError('NOT_FOUND', `There is no alert ${id}.`);
      const deliveries = await store.alerts.deliveriesOf([id]);
      return { ...resourceOf(alert), notifications: deliveries.map(alertNotification) };
    },
  );
}
