import { EventEmitter } from 'node:events';
import type { Http2Stream } from 'node:http2';

const { removeAllListeners } = EventEmitter.prototype;
const ignoreError = () => {};
const ignorePushed = () => false;

/**
 * Lets a stream that has closed refer to nothing of its connection. Node keeps the streams of a session in a map, whose dead tables keep
 * them alive (docs/decisions/0032). Call it while 'close' is emitted: whoever listens to that is called nevertheless.
 */
export function emptyClosed(stream: Http2Stream): void {
  // Not the method of the stream, which schedules a tick. When nobody is told of each, the others are removed in one step.
  removeAllListeners.call(stream, 'removeListener');
  removeAllListeners.call(stream);
  stream.on('error', ignoreError);
  // `takePushed` may have replaced it.
  stream.push = ignorePushed;
}
