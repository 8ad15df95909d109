import type { Clock } from '@penstock/runtime';
import type { AgentMessageOf, GatewayMessageOf } from '@penstock/wire';

type Heartbeat = AgentMessageOf<'heartbeat'>;

/** The gateway's clock as measured by one heartbeat exchange, computed like NTP (RFC 5905 section 8). Milliseconds. */
export type ClockReading = { readonly offset: number; readonly roundTrip: number };

export type HeartbeatOptions = {
  readonly interval: number;
  readonly clock: Clock;
  /** All fields except those of the exchange itself. */
  readonly fields: () => Omit<Heartbeat, 'type' | 'seq' | 'sentAt' | 'clock'>;
  readonly send: (heartbeat: Heartbeat) => void;
  /** Called when the gateway acknowledges a heartbeat. Without a reading when a clock was set during the exchange. */
  readonly onAcknowledged: (reading: ClockReading | undefined) => void;
  /** Called when a heartbeat could not be built or encoded. It is skipped, because telemetry must not end a session. */
  readonly onFailed: (error: unknown) => void;
};

export type Heartbeats = {
  acknowledge(ack: GatewayMessageOf<'heartbeat-ack'>): void;
  stop(): void;
};

/** Sends heartbeats on one session until stopped, the first immediately. Only the latest can be acknowledged. */
export function startHeartbeats({
  interval,
  clock,
  fields,
  send,
  onAcknowledged,
  onFailed,
}: HeartbeatOptions): Heartbeats {
  let seq = 0;
  let sentAt = 0;
  let reading: ClockReading | undefined;
  let stopTimer = () => {};
  const beat = () => {
    seq += 1;
    sentAt = clock.wall();
    try {
      send({ type: 'heartbeat', seq, sentAt, ...(reading && { clock: reading }), ...fields() });
    } catch (error) {
      onFailed(error);
    }
    stopTimer = clock.after(interval, beat);
  };
  beat();
  return {
    acknowledge(ack) {
      if (ack.seq !== seq) return;
      const now = clock.wall();
      const offset = (ack.receivedAt - sentAt + (ack.sentAt - now)) / 2;
      const roundTrip = now - sentAt - (ack.sentAt - ack.receivedAt);
      // A negative round trip means that a clock was set in between. The gateway prefers the shortest round trip, so it
      // would take this reading for the most accurate one.
      reading = roundTrip < 0 ? undefined : { offset, roundTrip };
      onAcknowledged(reading);
    },
    stop: () => stopTimer(),
  };
}
