import { gatewayStatusOf } from '../http-status.ts';
import { type ClientError, errorLine } from './client-error.ts';
import { type ErrorStep, INCOMPLETE, INVALID } from './error-exchange.ts';

/** Client connection preface (RFC 9113 section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME_HEAD_BYTES = 9;
const frameTypes = { data: 0, headers: 1, settings: 4, goAway: 7, continuation: 9 } as const;
const flags = { ack: 1, endStream: 1, endHeaders: 4 } as const;

/**
 * What a header block contains if it has this value: as text, or in the Huffman code of HPACK (RFC 7541 appendix B), without
 * its last bits. A block is not decoded, because nothing else of it matters.
 */
const GRPC = [Buffer.from('application/grpc'), Buffer.from('1d75d0620d263d4c4d65', 'hex')];
const HEAD = [Buffer.from('\x04HEAD'), Buffer.from('84c7821bff', 'hex')];

/** Clients send SETTINGS, WINDOW_UPDATE and perhaps PRIORITY before their first request. */
const MAX_FRAMES = 64;

const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAVAILABLE = 14;

/** Answers the first request of an HTTP/2 client: the same problem document as in HTTP/1.1, or a status of gRPC. */
export class Http2Error {
  readonly #error: ClientError;
  readonly #body: string;
  #state: 'preface' | 'frames' = 'preface';
  #frames = 0;
  /** The stream and the header block of the request, while it is incomplete. */
  #request: { readonly stream: number; readonly block: Buffer } | undefined;

  constructor(error: ClientError, body: string) {
    this.#error = error;
    this.#body = body;
  }

  push(received: Buffer): ErrorStep {
    return this.#state === 'preface' ? this.#readPreface(received) : this.#readFrame(received);
  }

  #readPreface(received: Buffer): ErrorStep {
    const start = received.subarray(0, PREFACE.length);
    if (!start.equals(PREFACE.subarray(0, start.length))) return INVALID;
    if (start.length < PREFACE.length) return INCOMPLETE;
    this.#state = 'frames';
    return { is: 'answer', bytes: frame(frameTypes.settings, 0, 0), consumed: PREFACE.length };
  }

  #readFrame(received: Buffer): ErrorStep {
    if (received.length < FRAME_HEAD_BYTES) return INCOMPLETE;
    const consumed = FRAME_HEAD_BYTES + received.readUIntBE(0, 3);
    if (received.length < consumed) return INCOMPLETE;
    this.#frames += 1;
    if (this.#frames > MAX_FRAMES) return INVALID;
    const type = received.readUInt8(3);
    const flag = received.readUInt8(4);
    const stream = received.readUInt32BE(5) & 0x7fff_ffff;
    if (type === frameTypes.headers || type === frameTypes.continuation) {
      const block = Buffer.concat([
        this.#request?.block ?? Buffer.alloc(0),
        received.subarray(FRAME_HEAD_BYTES, consumed),
      ]);
      this.#request = { stream, block };
      if ((flag & flags.endHeaders) !== 0) return { is: 'final', bytes: this.#response(stream, block) };
    }
    const isSettings = type === frameTypes.settings && (flag & flags.ack) === 0;
    const bytes = isSettings ? frame(frameTypes.settings, flags.ack, 0) : Buffer.alloc(0);
    return { is: 'answer', bytes, consumed };
  }

  #response(stream: number, block: Buffer): Buffer {
    const { code } = this.#error;
    const status = gatewayStatusOf(code);
    const has = (values: readonly Buffer[]) => values.some((value) => block.includes(value));
    const goAway = Buffer.alloc(8);
    goAway.writeUInt32BE(stream, 0);
    const end = frame(frameTypes.goAway, 0, 0, goAway);
    if (has(GRPC)) {
      const grpcStatus = status === 403 ? GRPC_PERMISSION_DENIED : GRPC_UNAVAILABLE;
      const fields = headerBlock({
        ':status': '200',
        'content-type': 'application/grpc',
        'grpc-status': String(grpcStatus),
        'grpc-message': errorLine(this.#error).replaceAll('%', '%25'),
      });
      return Buffer.concat([
        frame(frameTypes.headers, flags.endHeaders | flags.endStream, stream, fields),
        end,
      ]);
    }
    const fields = headerBlock({
      ':status': String(status),
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(this.#body)),
      'cache-control': 'no-store',
    });
    if (has(HEAD)) {
      return Buffer.concat([
        frame(frameTypes.headers, flags.endHeaders | flags.endStream, stream, fields),
        end,
      ]);
    }
    return Buffer.concat([
      frame(frameTypes.headers, flags.endHeaders, stream, fields),
      frame(frameTypes.data, flags.endStream, stream, Buffer.from(this.#body)),
      end,
    ]);
  }
}

function frame(type: number, flag: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flag, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal fields without indexing, with new names (RFC 7541 section 6.2.2). */
function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0]),
      ...[name, value].flatMap((text) => [lengthPrefix(text.length), Buffer.from(text, 'latin1')]),
    ]),
  );
}

/** An integer with a prefix of 7 bits (RFC 7541 section 5.1); the first bit, of Huffman, is zero. */
function lengthPrefix(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
