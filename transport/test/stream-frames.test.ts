import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { END_FRAME, FrameReader, frameHeader, smallFrame, UNFRAMED_HEADER } from '../src/stream-frames.ts';

/** What a reader makes of bytes that arrive in `pieces`: each frame, joined. */
function read(pieces: readonly Buffer[]): { frames: string[]; rest: string } {
  const reader = new FrameReader();
  const frames: string[] = [];
  let current = '';
  for (const piece of pieces) {
    reader.read(piece, (bytes, isComplete) => {
      current += bytes.toString('hex');
      if (!isComplete) return true;
      frames.push(current);
      current = '';
      return true;
    });
  }
  return { frames, rest: current };
}

test('frames are read in whatever pieces they arrive', () => {
  const frame = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(
      fc.array(frame),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (frames, sizes) => {
        const whole = Buffer.concat(
          frames.map((bytes) => (bytes.length === 0 ? END_FRAME : smallFrame(bytes))),
        );
        const pieces: Buffer[] = [];
        for (let at = 0; at < whole.length; ) {
          const end = at + (sizes[pieces.length % sizes.length] ?? 1);
          pieces.push(whole.subarray(at, end));
          at = end;
        }
        assert.deepEqual(read(pieces), { frames: frames.map((bytes) => bytes.toString('hex')), rest: '' });
      },
    ),
  );
});

test('a frame is handed on before it is complete, and one of 4 GiB is not waited for', () => {
  const largest = 2 ** 32 - 2;
  assert.deepEqual(read([frameHeader(largest), Buffer.from('ab', 'hex')]), { frames: [], rest: 'ab' });
});

test('without frames, everything is data, also what looks like an end', () => {
  const rest = Buffer.concat([END_FRAME, Buffer.from('ab', 'hex')]);
  const whole = Buffer.concat([smallFrame(Buffer.of(1)), UNFRAMED_HEADER, rest]);
  for (const cut of [1, 7, 9, 10]) {
    assert.deepEqual(read([whole.subarray(0, cut), whole.subarray(cut)]), {
      frames: ['01'],
      rest: rest.toString('hex'),
    });
  }
  const reader = new FrameReader();
  assert.equal(reader.isUnframed, false);
  reader.read(UNFRAMED_HEADER, () => true);
  assert.equal(reader.isUnframed, true);
});

test('a chunk within one frame is handed on as it is', () => {
  const reader = new FrameReader();
  const chunk = Buffer.alloc(16);
  const seen: Buffer[] = [];
  reader.read(frameHeader(32), () => true);
  reader.read(chunk, (bytes) => seen.push(bytes) > 0);
  assert.equal(seen[0], chunk);
});

test('the last piece says whether more is wanted', () => {
  const reader = new FrameReader();
  const frames = Buffer.concat([smallFrame(Buffer.of(1)), smallFrame(Buffer.of(0))]);
  assert.equal(
    reader.read(frames, (bytes) => bytes[0] === 0),
    true,
  );
  assert.equal(
    reader.read(smallFrame(Buffer.of(1)), (bytes) => bytes[0] === 0),
    false,
  );
});
