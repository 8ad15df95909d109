// Runs after the gateway has started: creates an enrollment token for the two agents of compose.yaml.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const token = execFileSync(
  process.execPath,
  [
    '/opt/penstock/gateway/bin/penstock-gateway.js',
    ...['token', 'create', '--pool', 'compose', '--uses', '2', '--ttl', '1h'],
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PENSTOCK_TOKEN: readFileSync('/var/lib/penstock-gateway/first-admin-token', 'utf8'),
    },
  },
);
writeFileSync('/var/lib/penstock-handover/enrollment-token', token, { mode: 0o600 });
