import { setTimeout as delay } from 'node:timers/promises';
import {
  ApprovalPage,
  ApprovalQuery,
  ApprovalResource,
  ApprovalResult,
  IdParams,
  problemResponses,
} from '@penstock/api-schema';
import type { ApprovalRow } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Approvals } from '../approvals/approvals.ts';
import { approvalResource } from './approval-resource.ts';
import { ApiProblem } from './problem.ts';
import type { TypedApp } from './typed-app.ts';

/** Milliseconds that an approving request waits for the action to finish. */
const ACTION_WAIT_MS = 5000;

/** /approvals: operator actions that a pool of gateway.yaml subjects to the approval of an admin. */
export function approvalRoutes(
  app: TypedApp,
  approvals: Approvals,
  resultElsewhere: (id: string) => Promise<{ readonly value: unknown } | undefined>,
): void {
  const resourceOf = (row: ApprovalRow) => approvalResource(row, approvals.stateOf(row));

  app.get(
    '/approvals',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List approvals, newest first',
        tags: ['approvals'],
        querystring: ApprovalQuery,
        response: { 200: ApprovalPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, state } }) => {
      const rows = await approvals.list({ before: cursor, limit, pending: state === 'pending' });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(resourceOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.get(
    '/approvals/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get an approval',
        tags: ['approvals'],
        params: IdParams,
        response: { 200: ApprovalResource, ...problemResponses },
      },
    },
    async ({ params: { id } }) => resourceOf((await approvals.byId(id)) ?? unknownApproval(id)),
  );

  app.get(
    '/approvals/:id/result',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Get the result of an approved action',
        description: 'Kept in memory for one hour. Lost when the gateway restarts.',
        tags: ['approvals'],
        params: IdParams,
        response: { 200: ApprovalResult, ...problemResponses },
      },
    },
    async ({ params: { id } }) => {
      const row = (await approvals.byId(id)) ?? unknownApproval(id);
      const result = approvals.resultOf(id) ?? (row.state === 'done' ? await resultElsewhere(id) : undefined);
      if (result !== undefined) return { value: result.value ?? null };
      throw new ProblemError(
        'NOT_FOUND',
        row.state === 'done'
          ? 'The result is no longer available. Request the action again.'
          : `There is no result: the approval is ${approvals.stateOf(row)}.`,
      );
    },
  );

  for (const [verb, state, summary] of [
    ['approve', 'approved', 'Approve an action'],
    ['deny', 'denied', 'Deny an action'],
  ] as const) {
    app.post(
      `/approvals/:id/${verb}`,
      {
        config: { role: 'admin' },
        schema: {
          summary,
          tags: ['approvals'],
          params: IdParams,
          response: { 200: ApprovalResource, ...problemResponses },
        },
      },
      async ({ params: { id }, actor }) => {
        const { decided, row, settled } = (await approvals.decide(id, state, actor)) ?? unknownApproval(id);
        if (!decided) {
          throw new ApiProblem(
            'APPROVAL_DECIDED',
            `The approval ${id} is already ${approvals.stateOf(row)}.`,
          );
        }
        const cancel = new AbortController();
        await Promise.race([
          settled,
          delay(ACTION_WAIT_MS, undefined, { signal: cancel.signal, ref: false }).catch(() => {}),
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
