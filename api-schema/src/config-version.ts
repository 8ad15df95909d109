import { type Static, Type } from '@penstock/json-schema';
import { Name, Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

const MAX_VERSION = Number.MAX_SAFE_INTEGER;

export const ConfigVersionQuery = Type.Object(
  {
    limit: PageQuery.properties.limit,
    cursor: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,15}$', description: '`nextCursor` of the previous page.' }),
    ),
    pool: Name,
  },
  { additionalProperties: false },
);

export const ConfigVersionParams = Type.Object({
  pool: Name,
  version: Type.Integer({ minimum: 1, maximum: MAX_VERSION }),
});

/** A version of agent.yaml that was published for a pool. */
export const ConfigVersionResource = Type.Object({
  pool: Name,
  version: Type.Integer(),
  digest: Type.String({ description: 'Digest of the content with its references unresolved.' }),
  publishedAt: Timestamp,
  publishedBy: Type.String(),
});
export type ConfigVersionResource = Static<typeof ConfigVersionResource>;

export const ConfigVersionDetail = Type.Object({
  ...ConfigVersionResource.properties,
  content: Type.Unknown({
    description: 'agent.yaml with its references unresolved; it contains no secrets.',
  }),
  yaml: Type.String({ description: '`content` as YAML. Comments of the file are not published.' }),
});

export const ConfigDiffQuery = Type.Object(
  {
    from: Type.Integer({ minimum: 1, maximum: MAX_VERSION }),
    to: Type.Integer({ minimum: 1, maximum: MAX_VERSION }),
  },
  { additionalProperties: false },
);

const ConfigChange = Type.Object({
  path: Type.String({ description: 'Such as `connectors[orders-db].address`.' }),
  kind: Type.Enum(['added', 'removed', 'changed']),
  before: Type.String({ description: 'Empty if there is no value.' }),
  after: Type.String(),
});

/** How two published versions differ. */
export const ConfigDiff = Type.Object({
  pool: Name,
  from: ConfigVersionResource,
  to: ConfigVersionResource,
  changes: Type.Array(ConfigChange, { description: 'In the order of the fields.' }),
});
export type ConfigDiff = Static<typeof ConfigDiff>;

/** A version in the list of those of its pool. */
export const ConfigVersionItem = Type.Object({
  ...ConfigVersionResource.properties,
  agents: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Agents of the pool that have reported this version and are not revoked.',
    }),
  ),
});

export const ConfigVersionPage = pageOf(ConfigVersionItem);

export const NewConfigVersion = Type.Object(
  {
    pool: Name,
    content: Type.Object({}, { description: 'agent.yaml as JSON, with its references unresolved.' }),
  },
  { additionalProperties: false },
);

export const PublishedConfigVersion = Type.Object({
  ...ConfigVersionResource.properties,
  isNew: Type.Boolean({ description: 'False if the same content had already been published.' }),
});
