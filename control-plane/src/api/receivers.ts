import {
  NameParams,
  problemResponses,
  ReceiverList,
  type ReceiverResource,
  ReceiverTestResult,
} from '@penstock/api-schema';
import type { GatewayConfig } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { TypedApp } from './typed-app.ts';

export type ReceiversDependencies = {
  readonly store: Pick<Store, 'audit'>;
  readonly alerts: Pick<AlertService, 'test' | 'receivers'>;
  /** The receivers of other replicas with their notifications. */
  readonly elsewhere: () => Promise<readonly ReceiverResource[]>;
  readonly config: () => Pick<GatewayConfig, 'alerts' | 'receivers'>;
  readonly clock: () => number;
};

/** The receivers of this gateway by name. */
export const receiverResources = ({ receivers }: Pick<AlertService, 'receivers'>): ReceiverResource[] =>
  receivers
    .map(({ receiver, ...counts }) => ({ name: receiver, ...counts }))
    .sort((one, other) => one.name.localeCompare(other.name));

const sumOf = (one: ReceiverResource, other: ReceiverResource): ReceiverResource => ({
  name: one.name,
  delivered: one.delivered + other.delivered,
  failed: one.failed + other.failed,
  abandoned: one.abandoned + other.abandoned,
  pending: one.pending + other.pending,
});

/** /receivers: where alert notifications go. */
export function receiverRoutes(
  app: TypedApp,
  { store, alerts, config, elsewhere, clock }: ReceiversDependencies,
): void {
  app.get(
    '/receivers',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the receivers of gateway.yaml by name',
        tags: ['receivers'],
        response: { 200: ReceiverList, ...problemResponses },
      },
    },
    async () => {
      const others = Map.groupBy(await elsewhere(), ({ name }) => name);
      const { alerts: rules, receivers } = config();
      const describe = (own: ReceiverResource): ReceiverResource => {
        const { name, ...counts } = (others.get(own.name) ?? []).reduce(sumOf, own);
        const format = receivers.find((each) => each.name === name)?.format;
        const notifying = rules.filter((rule) => rule.receivers.includes(name));
        const conditions = [...new Set(notifying.map(({ condition }) => condition))];
        return { name, ...(format !== undefined && { format }), conditions, ...counts };
      };
      return { items: receiverResources(alerts).map(describe) };
    },
  );

  app.post(
    '/receivers/:name/test',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Send a test notification to a receiver',
        description: 'Responds once the receiver has answered or the attempt has failed.',
        tags: ['receivers'],
        params: NameParams,
        response: { 200: ReceiverTestResult, ...problemResponses },
      },
    },
    async ({ params: { name }, actor }) => {
      const test = await alerts.test(name);
      if (test === 'unknown') {
        throw new ProblemError('NOT_FOUND', `gateway.yaml has no receiver named ${name}.`);
      }
      if (test === 'busy') {
        throw new ProblemError('TOO_MANY_REQUESTS', `A test of ${name} is already running.`, {
          retryAfter: 1,
        });
      }
      const delivered = test.name === 'delivered';
      await store.audit.append({
        at: clock(),
        actor: actor.id,
        action: 'receiver.test',
        subject: `receiver:${name}`,
        address: actor.address,
        after: { delivered },
      });
      const detail = delivered
        ? `The receiver responded with HTTP ${test.status}.`
        : test.name === 'aborted'
          ? 'The gateway is shutting down.'
          : test.detail;
      return { receiver: name, delivered, milliseconds: test.milliseconds, detail };
    },
  );

  // The former path, so that scripts that still call it are pointed to the current one.
  app.post('/alerts/test', { config: { role: 'operator' }, schema: { hide: true } }, async () => {
    throw new ProblemError(
      'NOT_FOUND',
      'POST /api/v1/alerts/test has been replaced by POST /api/v1/receivers/{name}/test.',
    );
  });
}
