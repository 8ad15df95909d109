import { AttentionList, GatewayResource, problemResponses } from '@penstock/api-schema';
import type { GatewayConfig } from '@penstock/config-schema';
import { type StoreOutage, storeOutages } from '@penstock/store';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { Attention } from '../attention/attention.ts';
import type { AttentionGroup } from '../attention/attention-group.ts';
import type { Readiness } from './health.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** What only the composition knows of this gateway. Times are milliseconds since 1970. */
export type GatewayFacts = {
  readonly config: GatewayConfig;
  readonly startedAt: number;
  readonly tunnel: {
    readonly address: string;
    readonly port: number;
    readonly host: string | undefined;
    readonly pins: readonly string[];
    readonly certificateNotAfter: number;
  };
};

export type GatewayDependencies = {
  readonly facts: () => GatewayFacts;
  readonly readiness: () => Readiness;
  readonly outage: () => { readonly kind: StoreOutage; readonly since: number } | undefined;
  readonly hasTls: boolean;
  readonly attention: () => Promise<Attention>;
  readonly lastEventId: () => string;
  readonly isComplete: () => boolean;
  readonly clock: () => number;
};

/** /gateway and /attention: this gateway, and what is wrong with it and its fleet. */
export function gatewayRoutes(app: TypedApp, dependencies: GatewayDependencies): void {
  app.get(
    '/gateway',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get this gateway',
        tags: ['gateway'],
        response: { 200: GatewayResource, ...problemResponses },
      },
    },
    async () => gatewayResource(dependencies),
  );

  app.get(
    '/attention',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List what is wrong',
        description:
          'Grouped by condition, pool and connector, the most severe first, with the connections whose clients can notice it.',
        tags: ['gateway'],
        response: { 200: AttentionList, ...problemResponses },
      },
    },
    async () => {
      const asOf = dependencies.lastEventId();
      const { at, groups, total } = await dependencies.attention();
      return {
        items: groups.map(itemOf),
        total,
        at: timestamp(at),
        asOf,
        complete: dependencies.isComplete(),
      };
    },
  );
}

function gatewayResource({ facts, readiness, outage, hasTls, clock }: GatewayDependencies): GatewayResource {
  const { config, startedAt, tunnel } = facts();
  const { organization, version, digest, health, identity, store } = config;
  const { ready, reasons } = readiness();
  const failing = outage();
  return {
    organization,
    version: SOFTWARE_VERSION,
    config: { version, digest },
    time: timestamp(clock()),
    startedAt: timestamp(startedAt),
    ready,
    reasons: [...reasons],
    store: {
      kind: store === undefined ? 'embedded' : 'postgresql',
      ...(failing && {
        outage: { kind: failing.kind, since: timestamp(failing.since), message: storeOutages[failing.kind] },
      }),
    },
    tunnel: {
      address: tunnel.address,
      port: tunnel.port,
      ...(tunnel.host !== undefined && { host: tunnel.host }),
      pins: [...tunnel.pins],
      certificateNotAfter: timestamp(tunnel.certificateNotAfter),
    },
    console: { ...(config.console.url !== undefined && { url: config.console.url }), tls: hasTls },
    health: {
      heartbeatIntervalMs: health.heartbeatInterval,
      staleAfterMs: health.staleAfter,
      maxClockSkewMs: health.maxClockSkew,
      certificateExpiryWarningMs: health.certificateExpiryWarning,
      certificateLifetimeMs: identity.certificateLifetime,
      failingOpensPercent: health.failingOpensPercent,
      failingOpensMinimum: health.failingOpensMinimum,
      failingOpensWindowMs: health.failingOpensWindow,
    },
  };
}

function itemOf(group: AttentionGroup) {
  const { state, pool, connector, reach, since, detail, agents, connections, ...rest } = group;
  return {
    ...rest,
    ...(state !== undefined && { state }),
    ...(pool !== undefined && { pool }),
    ...(connector !== undefined && { connector }),
    ...(reach !== undefined && { reach }),
    ...(since !== undefined && { since: timestamp(since) }),
    ...(detail !== undefined && { detail }),
    agents: [...agents],
    connections: [...connections],
  };
}
