import type { ConfigVersionHead } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import type { ConfigVersions } from '../pins/config-versions.ts';
import { ApiProblem } from './problem.ts';
import { Name, NextCursor, PageQuery, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

const ConfigVersionResource = Type.Object({
  pool: Name,
  version: Type.Integer(),
  digest: Type.String({ description: 'Of the content before references are resolved.' }),
  publishedAt: Timestamp,
  publishedBy: Type.String(),
});
type ConfigVersionResource = Static<typeof ConfigVersionResource>;

const Detail = Type.Object({
  ...ConfigVersionResource.properties,
  content: Type.Unknown({ description: 'agent.yaml before references are resolved; it holds no secret.' }),
});
const List = Type.Object({ items: Type.Array(ConfigVersionResource), nextCursor: NextCursor });
const Query = Type.Object(
  {
    limit: PageQuery.properties.limit,
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,15}$', description: '`nextCursor`.' })),
    pool: Name,
  },
  { additionalProperties: false },
);
const PublishRequest = Type.Object(
  {
    pool: Name,
    content: Type.Object({}, { description: 'agent.yaml as JSON, with its references as they stand there.' }),
  },
  { additionalProperties: false },
);
const Published = Type.Object({
  ...ConfigVersionResource.properties,
  isNew: Type.Boolean({ description: 'False when the same content was published before.' }),
});
const Params = Type.Object({ pool: Name, version: Version });

/** The largest agent.yaml there can be, as JSON. */
const MAX_BODY = 2 * 1024 * 1024;
const MOST_PROBLEMS = 5;

/** /config-versions: what was published for each pool, for pins and for comparison. */
export function configVersionRoutes(app: TypedApp, versions: ConfigVersions): void {
  app.get(
    '/config-versions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Published versions of a pool, the highest first',
        tags: ['config-versions'],
        querystring: Query,
        response: { 200: List, ...problems },
      },
    },
    async ({ query: { pool, limit, cursor } }) => {
      const before = cursor === undefined ? undefined : Number(cursor);
      const rows = await versions.list(pool, { before, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        items: rows.map(resourceOf),
        ...(last !== undefined && { nextCursor: String(last.version) }),
      };
    },
  );

  app.get(
    '/config-versions/:pool/:version',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One published version, with its content',
        tags: ['config-versions'],
        params: Params,
        response: { 200: Detail, ...problems },
      },
    },
    async ({ params: { pool, version } }) => {
      const row = await versions.of(pool, version);
      if (row === undefined) {
        throw new ProblemError('NOT_FOUND', `Version ${version} was not published for pool ${pool}.`);
      }
      return { ...resourceOf(row), content: JSON.parse(row.content) as unknown };
    },
  );

  app.post(
    '/config-versions',
    {
      bodyLimit: MAX_BODY,
      config: { role: 'operator' },
      schema: {
        summary: 'Publish a version of agent.yaml for a pool',
        description:
          'Version and digest are read from the content. The same content again changes nothing; a version that has ' +
          'another content already is refused.',
        tags: ['config-versions'],
        body: PublishRequest,
        response: { 200: Published, ...problems },
      },
    },
    async ({ body: { pool, content }, actor }) => {
      const result = await versions.publish(pool, content, actor);
      if (result.kind === 'published') return { ...resourceOf(result.version), isNew: result.isNew };
      if (result.kind === 'invalid') throw invalid(result.problems);
      const { version, digest } = result.version;
      throw new ApiProblem(
        'CONFIG_VERSION_TAKEN',
        `Version ${version} of pool ${pool} was published as ${digest}, and this file is ${result.digest}. Raise ` +
          '`version` in the file.',
      );
    },
  );
}

function invalid(problems: readonly string[]): ApiProblem {
  const more = problems.length > MOST_PROBLEMS ? ` There are ${problems.length - MOST_PROBLEMS} more.` : '';
  return new ApiProblem('CONFIG_INVALID', `${problems.slice(0, MOST_PROBLEMS).join(' ')}${more}`);
}

function resourceOf(head: ConfigVersionHead): ConfigVersionResource {
  const { pool, version, digest, publishedAt, publishedBy } = head;
  return { pool, version, digest, publishedAt: timestamp(publishedAt), publishedBy };
}
