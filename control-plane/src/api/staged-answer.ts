import { PassThrough } from 'node:stream';
import type { ProbeStage } from '@penstock/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Performed } from '../approvals/approvals.ts';
import { answerOf } from './performed.ts';
import { documentOf } from './problem.ts';
import { problemOfFault } from './problem-handler.ts';

const NDJSON = 'application/x-ndjson';
/** More than any honest agent reports: each attempt with another encryption has stages of its own. */
const MAX_STAGES = 64;

/** Whether the client accepts the stages of a probe as they finish. */
export const wantsStages = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  (headers.accept ?? '').split(',').some((type) => type.split(';')[0]?.trim().toLowerCase() === NDJSON);

/**
 * Answers with one line of JSON for each stage as it finishes, `{"stage": …}`, and a last one with `result` or `problem`. What
 * fails or requires an approval before the first stage is answered as without stages. `report` is called for what fails later
 * through a fault of the gateway.
 */
export async function stagedAnswer<Value>(
  reply: FastifyReply,
  perform: (onStage: (stage: ProbeStage) => void) => Promise<Performed<Value>>,
  report: (fault: unknown) => void,
): Promise<unknown> {
  const lines = new PassThrough();
  const write = (line: object) => {
    if (!lines.destroyed) lines.write(`${JSON.stringify(line)}\n`);
  };
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  let stages = 0;
  const done = perform((stage) => {
    stages += 1;
    if (stages <= MAX_STAGES) write({ stage });
    begin(undefined);
  });
  const first = await Promise.race([begun, done]);
  if (first?.kind === 'waiting') return answerOf(first, reply, (value) => value);
  void done
    .then(
      (performed) => write(performed.kind === 'done' ? { result: performed.value } : {}),
      (error: unknown) => write({ problem: documentOf(problemOfFault(error, report)) }),
    )
    .finally(() => lines.end());
  // A proxy that buffers the response would show all stages at its end.
  return reply.type(`${NDJSON}; charset=utf-8`).header('x-accel-buffering', 'no').send(lines);
}
