import type { EventEmitter } from 'node:events';

type Listener = Parameters<EventEmitter['on']>[1];

/** What carries the bytes of one connection from end to end: as much of a Duplex as a splice needs. */
export type DataStream = {
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly readableFlowing: boolean | null;
  readonly readableLength: number;
  readonly writable: boolean;
  readonly writableLength: number;
  on(event: string, listener: Listener): DataStream;
  once(event: string, listener: Listener): DataStream;
  off(event: string, listener: Listener): DataStream;
  read(): Buffer | null;
  pause(): DataStream;
  resume(): DataStream;
  write(bytes: Buffer, callback?: (error?: Error | null) => void): boolean;
  end(): DataStream;
  cork(): void;
  uncork(): void;
  destroy(error?: Error): DataStream;
};
