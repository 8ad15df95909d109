import type { Performed } from './performed.ts';
import { ApiError, type Problem } from './problem.ts';

/** Characters of a line: a stage has a few hundred. */
const MAX_LINE_LENGTH = 64 * 1024;

/** Sent with a request whose answer is a line for each stage as it finishes. */
export const asStages = { accept: 'application/x-ndjson' } as const;

type Line<Stage, Result> = { readonly stage?: Stage; readonly result?: Result; readonly problem?: Problem };

/**
 * What an action returned whose answer is a line for each stage as it finishes; `onStage` is called with each. Rejects with
 * ApiError, also if the answer ends without a result.
 */
export async function readStages<Stage, Result>(
  answer: Performed<ReadableStream<Uint8Array> | null>,
  onStage: (stage: Stage) => void,
): Promise<Performed<Result>> {
  if (answer.isPending) return answer;
  let result: Result | undefined;
  for await (const text of linesOf(answer.data)) {
    const line = JSON.parse(text) as Line<Stage, Result>;
    if (line.stage !== undefined) onStage(line.stage);
    if (line.problem !== undefined) throw new ApiError(line.problem.code, line.problem.detail, 200);
    result ??= line.result;
  }
  if (result !== undefined) return { isPending: false, data: result };
  throw new ApiError('BAD_ANSWER', 'The gateway ended its answer before the last stage.', 200);
}

/** The lines of a body as they arrive. */
async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string, void> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
      if (done) break;
      if (rest.length > MAX_LINE_LENGTH) throw new ApiError('BAD_ANSWER', 'A line is too long.', 200);
    }
    if (rest !== '') yield rest;
  } finally {
    // Whoever stops reading must not leave the agent's answer open.
    void reader.cancel().catch(() => {});
  }
}
