import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { Inbound } from '../src/inbound.ts';

const KIB = 1024;
/** What a socket has unsent when its stream is paused. */
const PAUSED_AT = 512 * KIB;

/** A socket that sends nothing until it is told to. */
class HeldSocket extends Duplex {
  #isHeld = true;
  #done: (() => void) | undefined;

  /** Sends what it has; later data at once. */
  release(): void {
    this.#isHeld = false;
    this.#done?.();
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#isHeld) this.#done = done;
    else done();
  }

  override _writev(_chunks: readonly unknown[], done: () => void): void {
    this._write(Buffer.of(), 'latin1', done);
  }
}

/** Two ends of a stream on a session of their own. */
async function openStream() {
  const server = createServer({ settings: { initialWindowSize: 1024 * KIB } });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const opened = once(server, 'stream');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(session, 'remoteSettings');
  const sender = session.request({ ':method': 'POST' }, { endStream: false });
  const [receiver] = (await opened) as [ServerHttp2Stream];
  receiver.session?.setLocalWindowSize(1024 * KIB);
  return {
    sender,
    receiver,
    async [Symbol.asyncDispose]() {
      session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a stream is paused when its socket has much unsent, and goes on, with everything, once that is sent', async () => {
  await using _leaks = expectNoLeaks();
  await using ends = await openStream();
  const { sender, receiver } = ends;
  const socket = new HeldSocket();
  const inbound = new Inbound(socket, () => {});
  inbound.attach(receiver);
  const send = async (bytes: number) => {
    const expected = inbound.bytes + bytes;
    sender.write(Buffer.alloc(bytes));
    await eventually(`${expected} bytes at the socket`, () => inbound.bytes === expected);
  };

  // The last of these bytes pauses the stream: nothing arrives after it until the stream goes on.
  await send(PAUSED_AT);
  assert.equal(receiver.isPaused(), true);
  socket.release();
  await eventually('the stream to go on', () => !receiver.isPaused());

  // Never enough at once for another pause, and more in all than the window of the stream.
  for (let sent = 0; sent < 32; sent += 1) await send(PAUSED_AT / 4);
  const ended = once(receiver, 'end');
  sender.end();
  await ended;
  socket.destroy();
});

test('another listener to the data of a stream has it as well, in order, for as long as it listens', async () => {
  await using _leaks = expectNoLeaks();
  await using ends = await openStream();
  const { sender, receiver } = ends;
  const socket = new HeldSocket();
  socket.release();
  const inbound = new Inbound(socket, () => {});
  const handedOn: Buffer[] = [];
  const write = socket.write.bind(socket);
  socket.write = ((chunk: Buffer) => {
    handedOn.push(chunk);
    return write(chunk);
  }) as typeof socket.write;
  inbound.attach(receiver);
  const heard: Buffer[] = [];
  const listener = (chunk: Buffer) => heard.push(chunk);
  const send = async (text: string) => {
    const expected = inbound.bytes + text.length;
    sender.write(text);
    await eventually(`${expected} bytes at the socket`, () => inbound.bytes === expected);
  };

  await send('one ');
  receiver.on('data', listener);
  await send('two ');
  await send('three ');
  receiver.off('data', listener);
  await send('four');

  assert.equal(String(Buffer.concat(handedOn)), 'one two three four');
  assert.equal(String(Buffer.concat(heard)), 'two three ');
  socket.destroy();
});
