import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import {
  type AgentMessage,
  agentMessages,
  type GatewayMessage,
  gatewayMessages,
  type Unsent,
} from './control-message.ts';
import { limits } from './limits.ts';
import { TunnelError } from './tunnel-error.ts';

const NEWLINE = 0x0a;

/** One message as the bytes of one line. Throws TunnelError INTERNAL when it does not fit the limit. */
export const encodeMessage = (message: Unsent<AgentMessage | GatewayMessage>): Buffer => encodeLine(message);

/** A message of any protocol that has one JSON message per line. Throws TunnelError INTERNAL when it does not fit. */
export function encodeLine(
  message: { readonly type: string },
  maxBytes: number = limits.controlMessageBytes,
): Buffer {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  if (line.length > maxBytes) {
    throw new TunnelError(
      'INTERNAL',
      `A ${message.type} message of ${line.length} bytes does not fit the control stream.`,
    );
  }
  return line;
}

/**
 * Cuts the control stream into lines and checks each. The length is checked before the buffer grows, and
 * nothing is kept beyond one unfinished line.
 */
export class MessageDecoder<Message extends { readonly type: string }> {
  readonly #validators: Validators;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Messages of a type this version does not know: ignored, and counted here. */
  unknown = 0;

  /** `maxBytes` of one line, newline included. */
  constructor(validators: Validators, maxBytes: number = limits.controlMessageBytes) {
    this.#validators = validators;
    this.#maxBytes = maxBytes;
  }

  /**
   * The messages that `chunk` completes. Throws TunnelError PROTOCOL_ERROR on a line that is too long, no JSON
   * or not the message it says it is: the caller ends the session.
   */
  push(chunk: Buffer): Message[] {
    const messages: Message[] = [];
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      if (this.#length + piece.length >= this.#maxBytes) {
        throw new TunnelError('PROTOCOL_ERROR', `A control message is longer than ${this.#maxBytes} bytes.`);
      }
      if (end === -1) {
        // The chunk is only borrowed: the rest of a line must not keep it alive, nor change with it.
        this.#pieces.push(Buffer.from(piece));
        this.#length += piece.length;
        return messages;
      }
      const message = this.#decode(this.#length === 0 ? piece : Buffer.concat([...this.#pieces, piece]));
      this.#pieces = [];
      this.#length = 0;
      if (message !== undefined) messages.push(message);
      start = end + 1;
    }
    return messages;
  }

  #decode(line: Buffer): Message | undefined {
    let value: unknown;
    try {
      value = JSON.parse(utf8.decode(line));
    } catch (cause) {
      throw new TunnelError('PROTOCOL_ERROR', 'A control message is not JSON.', { cause });
    }
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
      throw new TunnelError('PROTOCOL_ERROR', 'A control message has no type.');
    }
    const validate = this.#validators.get(value.type);
    if (validate === undefined) {
      this.unknown += 1;
      return undefined;
    }
    const { type } = value;
    if (!validate(value)) {
      const [problem] = validate.errors ?? [];
      throw new TunnelError(
        'PROTOCOL_ERROR',
        `A ${type} message is malformed: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}.`,
      );
    }
    return value as unknown as Message;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const ajv = new Ajv2020({ strict: true, allErrors: false });

/** The checks of messages, by type. */
export type Validators = ReadonlyMap<string, ValidateFunction>;

/** Compiles schemas when they are first needed: commands load this file and decode nothing. */
export function compiledOnce(messages: Record<string, object>): () => Validators {
  let compiled: Validators | undefined;
  return () => {
    compiled ??= new Map(
      Object.entries(messages).map(([type, schema]) => [type, ajv.compile(schema)] as const),
    );
    return compiled;
  };
}

const fromAgent = compiledOnce(agentMessages);
const fromGateway = compiledOnce(gatewayMessages);

/** Reads what an agent says; used by the gateway. */
export const agentMessageDecoder = () => new MessageDecoder<AgentMessage>(fromAgent());
/** Reads what the gateway says; used by the agent. */
export const gatewayMessageDecoder = () => new MessageDecoder<GatewayMessage>(fromGateway());
