import {
  ConfigDiff,
  ConfigDiffQuery,
  ConfigVersionDetail,
  ConfigVersionPage,
  ConfigVersionParams,
  ConfigVersionQuery,
  type ConfigVersionResource,
  NewConfigVersion,
  PublishedConfigVersion,
  problemResponses,
} from '@penstock/api-schema';
import { diffConfig, yamlText } from '@penstock/config-schema';
import { Type } from '@penstock/json-schema';
import { inSlices, systemClock } from '@penstock/runtime';
import type { ConfigVersionHead } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { SearchedFleet } from '../fleet/search-fleet.ts';
import type { ConfigVersions } from '../pins/config-versions.ts';
import { ApiProblem } from './problem.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** Bytes of the largest possible agent.yaml as JSON. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Problems that a refusal lists; the others are counted. */
const MAX_LISTED_PROBLEMS = 5;

/** /config-versions: versions of agent.yaml published for each pool, which pins and comparisons refer to. */
export function configVersionRoutes(
  app: TypedApp,
  versions: ConfigVersions,
  fleet: Pick<SearchedFleet, 'listed'>,
): void {
  app.get(
    '/config-versions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the published versions of a pool, highest first',
        tags: ['config-versions'],
        querystring: ConfigVersionQuery,
        response: { 200: ConfigVersionPage, ...problemResponses },
      },
    },
    async ({ query: { pool, limit, cursor } }) => {
      const before = cursor === undefined ? undefined : Number(cursor);
      const rows = await versions.list(pool, { before, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const running = await agentsByVersion(fleet, pool);
      return {
        items: rows.map((row) => ({ ...resourceOf(row), agents: running.get(row.version) ?? 0 })),
        ...(last !== undefined && { nextCursor: String(last.version) }),
      };
    },
  );

  app.get(
    '/config-versions/:pool/:version',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get a published version with its content',
        tags: ['config-versions'],
        params: ConfigVersionParams,
        response: { 200: ConfigVersionDetail, ...problemResponses },
      },
    },
    async ({ params: { pool, version } }) => {
      const row = await publishedVersion(versions, pool, version);
      const content = JSON.parse(row.content) as unknown;
      return { ...resourceOf(row), content, yaml: yamlText(content) };
    },
  );

  app.get(
    '/config-versions/:pool/diff',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Compare two published versions of a pool',
        description: 'Field by field, with references unresolved. Items of named lists are matched by name.',
        tags: ['config-versions'],
        params: Type.Object({ pool: ConfigVersionParams.properties.pool }),
        querystring: ConfigDiffQuery,
        response: { 200: ConfigDiff, ...problemResponses },
      },
    },
    async ({ params: { pool }, query }) => {
      const from = await publishedVersion(versions, pool, query.from);
      const to = await publishedVersion(versions, pool, query.to);
      const changes = diffConfig(JSON.parse(from.content), JSON.parse(to.content));
      return { pool, from: resourceOf(from), to: resourceOf(to), changes: [...changes] };
    },
  );

  app.post(
    '/config-versions',
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { role: 'operator' },
      schema: {
        summary: 'Publish a version of agent.yaml for a pool',
        description:
          'The version and the digest are taken from the content. Publishing the same content again has no effect; ' +
          'publishing different content under an existing version is refused.',
        tags: ['config-versions'],
        body: NewConfigVersion,
        response: { 200: PublishedConfigVersion, ...problemResponses },
      },
    },
    async ({ body: { pool, content }, actor }) => {
      const result = await versions.publish(pool, content, actor);
      if (result.kind === 'published') return { ...resourceOf(result.version), isNew: result.isNew };
      if (result.kind === 'invalid') throw invalid(result.problems);
      const { version, digest } = result.version;
      throw new ApiProblem(
        'CONFIG_VERSION_TAKEN',
        `Version ${version} of pool ${pool} is already published with digest ${digest}, but this file has digest ` +
          `${result.digest}. Increase \`version\` in the file.`,
      );
    },
  );
}

async function agentsByVersion(
  fleet: Pick<SearchedFleet, 'listed'>,
  pool: string,
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  await inSlices(
    fleet.listed('name'),
    (agent) => {
      const version = agent.pool === pool && agent.state !== 'revoked' ? agent.config?.version : undefined;
      if (version !== undefined) counts.set(version, (counts.get(version) ?? 0) + 1);
    },
    systemClock,
  );
  return counts;
}

/** Throws ProblemError. */
async function publishedVersion(versions: ConfigVersions, pool: string, version: number) {
  const row = await versions.of(pool, version);
  if (row !== undefined) return row;
  throw new ProblemError('NOT_FOUND', `Version ${version} has not been published for pool ${pool}.`);
}

function invalid(problems: readonly string[]): ApiProblem {
  const more =
    problems.length > MAX_LISTED_PROBLEMS
      ? ` There are ${problems.length - MAX_LISTED_PROBLEMS} more problems.`
      : '';
  return new ApiProblem('CONFIG_INVALID', `${problems.slice(0, MAX_LISTED_PROBLEMS).join(' ')}${more}`);
}

function resourceOf(head: ConfigVersionHead): ConfigVersionResource {
  const { pool, version, digest, publishedAt, publishedBy } = head;
  return { pool, version, digest, publishedAt: timestamp(publishedAt), publishedBy };
}
