// Loaded into a gateway with --import: writes how late its event loop was at most, on SIGUSR2, to the file LOOP_FILE.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
process.on('SIGUSR2', () => {
  writeFileSync(
    process.env['LOOP_FILE'] ?? '/dev/null',
    String(Math.max(0, delay.max / 1e6 - RESOLUTION_MS)),
  );
  delay.reset();
});
