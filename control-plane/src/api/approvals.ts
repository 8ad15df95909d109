import { setTimeout as delay } from 'node:timers/promises';
import type { ApprovalRow } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import Type from 'typebox';
import type { Approvals } from '../approvals/approvals.ts';
import { ApprovalResource, approvalResource } from './approval-resource.ts';
import { ApiProblem } from './problem.ts';
import { NextCursor, PageQuery, problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

/** Milliseconds an approving request waits for the end of what it let run. */
const PATIENCE = 5000;

const ApprovalList = Type.Object({ items: Type.Array(ApprovalResource), nextCursor: NextCursor });
const ApprovalQuery = Type.Object(
  {
    ...PageQuery.properties,
    pending: Type.Boolean({ default: false, description: 'Only those that still wait.' }),
  },
  { additionalProperties: false },
);
const ApprovalResult = Type.Object({
  value: Type.Unknown({ description: 'What the action answers to who may do it at once.' }),
});
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** /approvals: what operators asked for and pools of gateway.yaml leave to an admin. */
export function approvalRoutes(app: TypedApp, approvals: Approvals): void {
  const resourceOf = (row: ApprovalRow) => approvalResource(row, approvals.stateOf(row));

  app.get(
    '/approvals',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Approvals, newest first',
        tags: ['approvals'],
        querystring: ApprovalQuery,
        response: { 200: ApprovalList, ...problems },
      },
    },
    async ({ query: { limit, cursor, pending } }) => {
      const rows = await approvals.list({ before: cursor, limit, pending });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(resourceOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.get(
    '/approvals/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One approval',
        tags: ['approvals'],
        params: Params,
        response: { 200: ApprovalResource, ...problems },
      },
    },
    async ({ params: { id } }) => resourceOf((await approvals.byId(id)) ?? unknownApproval(id)),
  );

  app.get(
    '/approvals/:id/result',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'What an approved action gave',
        description: 'Kept in memory for an hour, and not over a restart.',
        tags: ['approvals'],
        params: Params,
        response: { 200: ApprovalResult, ...problems },
      },
    },
    async ({ params: { id } }) => {
      const row = (await approvals.byId(id)) ?? unknownApproval(id);
      const result = approvals.resultOf(id);
      if (result !== undefined) return { value: result.value ?? null };
      throw new ProblemError(
        'NOT_FOUND',
        row.state === 'done'
          ? 'The result is no longer kept. Ask for it again.'
          : `There is no result: the approval is ${approvals.stateOf(row)}.`,
      );
    },
  );

  for (const [verb, state, summary] of [
    ['approve', 'approved', 'Let an action run'],
    ['deny', 'denied', 'Refuse an action'],
  ] as const) {
    app.post(
      `/approvals/:id/${verb}`,
      {
        config: { role: 'admin' },
        schema: {
          summary,
          tags: ['approvals'],
          params: Params,
          response: { 200: ApprovalResource, ...problems },
        },
      },
      async ({ params: { id }, actor }) => {
        const { decided, row, settled } = (await approvals.decide(id, state, actor)) ?? unknownApproval(id);
        if (!decided) {
          throw new ApiProblem(
            'APPROVAL_DECIDED',
            `The approval ${id} is ${approvals.stateOf(row)} already.`,
          );
        }
        const cancel = new AbortController();
        await Promise.race([
          settled,
          delay(PATIENCE, undefined, { signal: cancel.signal, ref: false }).catch(() => {}),
        ]);
        cancel.abort();
        return resourceOf((await approvals.byId(id)) ?? row);
      },
    );
  }
}

function unknownApproval(id: string): never {
  throw new ProblemError('NOT_FOUND', `There is no approval ${id}.`);
}
