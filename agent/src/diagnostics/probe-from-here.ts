import type { AgentConfig } from '@penstock/config-schema';
import type { ProbeResult } from '@penstock/wire';
import { probePolicy } from '../policy/probe-rules.ts';
import { type Probe, probe } from '../target/probe.ts';
import { Targets } from '../target/targets.ts';

/** Probes without a running agent, under the same policy. */
export function probeFromHere(config: AgentConfig, target: Probe): Promise<ProbeResult> {
  return probe(target, {
    policy: probePolicy(config.policy.probe.allow),
    targets: new Targets(config),
    signal: new AbortController().signal,
  });
}
