import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../app/api/problem.ts';
import { readStages } from '../app/api/staged.ts';

const bodyOf = (...pieces: readonly string[]) =>
  ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
const answerOf = (...pieces: readonly string[]) => ({ isPending: false, data: bodyOf(...pieces) }) as const;

test('stages are passed on as they arrive, however the answer is cut', async () => {
  const text =
    '{"stage":{"stage":"dns","detail":"ü"}}\n{"stage":{"stage":"tcp"}}\n{"result":{"reach":"ready"}}\n';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 7, 40, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.slice(index * size, (index + 1) * size),
    );
    const stages: unknown[] = [];
    const data = ReadableStream.from(pieces);
    const answer = await readStages({ isPending: false, data }, (stage) => stages.push(stage));
    assert.deepEqual(answer, { isPending: false, data: { reach: 'ready' } });
    assert.deepEqual(stages, [{ stage: 'dns', detail: 'ü' }, { stage: 'tcp' }]);
  }
});

test('an answer without a result is a failure', async () => {
  const refused = answerOf('{"stage":{}}\n', '{"problem":{"code":"AGENT_OFFLINE","detail":"a1 is gone."}}\n');
  const isRefusal = (error: unknown) => error instanceof ApiError && error.code === 'AGENT_OFFLINE';
  await assert.rejects(
    readStages(refused, () => {}),
    isRefusal,
  );
  await assert.rejects(
    readStages(answerOf('{"stage":{}}\n'), () => {}),
    /ended its answer/,
  );
  await assert.rejects(
    readStages(answerOf('x'.repeat(70_000), 'x'), () => {}),
    /too long/,
  );
  const waiting = { isPending: true, data: undefined } as const;
  assert.equal(await readStages(waiting, () => {}), waiting);
});
