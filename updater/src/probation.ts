import type { UpgradeCode } from '@penstock/wire';
import type { AgentHealth } from './health.ts';
import type { Observation, UpdaterLimits } from './host.ts';

/** What a look at one service has led to. */
export type Verdict =
  | { readonly name: 'wait' }
  /** The version cannot be judged by itself: find out whether the previous one reaches the gateway. */
  | { readonly name: 'compare' }
  | { readonly name: 'good' }
  | { readonly name: 'bad'; readonly code: UpgradeCode; readonly detail: string };

export type ProbationOptions = {
  readonly version: string;
  /** Invocation of the process before the switch. */
  readonly before: string;
  /** Invocation of the new process, if an earlier updater has seen it. */
  readonly successor: string | undefined;
  /** Connectors that failed before the switch. */
  readonly failing: readonly string[];
  readonly limits: UpdaterLimits;
};

const wait: Verdict = { name: 'wait' };

/**
 * Milliseconds for which the previous version must reach the gateway while the new one does not: after the gateway was away, an
 * agent waits for its next attempt (tunnel.reconnect.max) and then for the answer to a heartbeat.
 */
const RECONNECT_MS = 60_000;

/**
 * Judges one service that was started with a new version. It reads no clock, file, or service
 * manager: the caller passes what they report.
 * Times are milliseconds of a monotonic clock.
 */
export class Probation {
  readonly #options: ProbationOptions;
  readonly #begun: number;
  #successor: string | undefined;
  #successorSince: number | undefined;
  #activeSince: number | undefined;
  #stoppedSince: number | undefined;
  #healthSince: number | undefined;
  #healthySince: number | undefined;
  #unhealthySince: number | undefined;
  /** Since when the gateway could be reached at every comparison. */
  #reachableSince: number | undefined;
  #isExtended = false;

  constructor(options: ProbationOptions, now: number) {
    this.#options = options;
    this.#begun = now;
    this.#successor = options.successor;
  }

  /** Invocation of the new process, once it has been seen. */
  get successor(): string | undefined {
    return this.#successor;
  }

  /** Whether somebody has stopped the service. In a restart, it is stopped for a moment as well. */
  isStopped(now: number): boolean {
    const { settle, probation } = this.#options.limits;
    return this.#stoppedSince !== undefined && now - this.#stoppedSince >= Math.min(settle, probation);
  }

  look(now: number, observation: Observation, health: AgentHealth | undefined): Verdict {
    this.#stoppedSince = observation.state === 'stopped' ? (this.#stoppedSince ?? now) : undefined;
    const started = this.#judgeProcess(now, observation);
    return started ?? this.#judgeHealth(now, health);
  }

  /** What the comparison has shown: whether the previous version reaches the gateway now. */
  compared(now: number, doesPreviousReach: boolean, health: AgentHealth | undefined): Verdict {
    if (doesPreviousReach && health?.isGatewayBusy !== true) {
      this.#reachableSince ??= now;
      const hadTime = now - this.#reachableSince >= Math.min(this.#options.limits.grace, RECONNECT_MS);
      return hadTime ? this.#bad(now, health) : wait;
    }
    this.#reachableSince = undefined;
    this.#isExtended = true;
    if (now - this.#begun < this.#options.limits.maxProbation) return wait;
    return bad('GATEWAY_UNREACHABLE', 'The gateway was away for the whole of the extended probation.');
  }

  #judgeProcess(now: number, { state, isHung, invocation }: Observation): Verdict | undefined {
    const { before, limits } = this.#options;
    if (state === 'stopping') return wait;
    if (this.#successor === undefined && invocation !== '' && invocation !== before)
      this.#successor = invocation;
    if (state === 'stopped') {
      // Nothing restarts a service that somebody has stopped. It can be started again within the probation.
      if (now - this.#begun < limits.probation) return wait;
      return bad('SERVICE_STOPPED', 'The service was stopped during the probation.');
    }
    const isOther = this.#successor !== undefined && invocation !== '' && invocation !== this.#successor;
    if (state === 'restarting' || state === 'failed' || isOther) {
      return isHung
        ? bad('HUNG', 'It stopped answering the service manager.')
        : bad('EXITED', `It exited ${seconds(now - (this.#successorSince ?? this.#begun))} after its start.`);
    }
    if (this.#successor !== undefined) this.#successorSince ??= now;
    if (state === 'active' && this.#successor !== undefined) {
      this.#activeSince ??= now;
      return undefined;
    }
    if (now - (this.#successorSince ?? this.#begun) < limits.readyTimeout) return wait;
    return bad('HUNG', `It was not ready within ${seconds(limits.readyTimeout)}.`);
  }

  #judgeHealth(now: number, health: AgentHealth | undefined): Verdict {
    const { version, limits } = this.#options;
    const activeSince = this.#activeSince ?? now;
    if (health === undefined || health.version !== version) {
      if (now - (this.#healthSince ?? activeSince) < limits.healthTimeout + limits.readyTimeout) return wait;
      return bad('HUNG', 'It runs, but does not report how it is doing.');
    }
    this.#healthSince = now;
    if (this.#fault(health) === undefined) {
      this.#unhealthySince = undefined;
      this.#reachableSince = undefined;
      this.#healthySince ??= now;
      const isDone =
        now - activeSince >= limits.probation &&
        now - this.#healthySince >= Math.min(limits.settle, limits.probation);
      return isDone ? { name: 'good' } : wait;
    }
    this.#healthySince = undefined;
    this.#unhealthySince ??= now;
    return now - this.#unhealthySince < limits.grace ? wait : { name: 'compare' };
  }

  /** What is worse than before the switch. */
  #fault({
    acknowledged,
    sessions,
    failing,
  }: AgentHealth): { code: UpgradeCode; detail: string } | undefined {
    if (!acknowledged) return { code: 'NO_HEARTBEAT', detail: 'The gateway acknowledges no heartbeat.' };
    if (sessions.ready < sessions.wanted)
      return { code: 'SESSIONS_MISSING', detail: `It has ${sessions.ready} of ${sessions.wanted} sessions.` };
    const worse = failing.filter((name) => !this.#options.failing.includes(name));
    if (worse.length > 0)
      return { code: 'CHECKS_WORSE', detail: `These connectors fail now: ${worse.slice(0, 10).join(', ')}.` };
    return undefined;
  }

  #bad(now: number, health: AgentHealth | undefined): Verdict {
    const fault = health && this.#fault(health);
    const { code, detail } = fault ?? { code: 'NO_HEARTBEAT' as const, detail: 'It does not report.' };
    const since = seconds(now - (this.#unhealthySince ?? now));
    return bad(code, `${detail} This has lasted ${since}, and the previous version reaches the gateway.`);
  }

  /** Whether the probation goes on because the gateway is away. */
  get isExtended(): boolean {
    return this.#isExtended;
  }
}

const bad = (code: UpgradeCode, detail: string): Verdict => ({ name: 'bad', code, detail });

const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;
