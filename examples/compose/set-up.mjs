// Runs before the gateway's first start: creates its data directory and passes its certificate pins to the agents.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const handover = '/var/lib/penstock-handover';
const ownerOnly = { mode: 0o600 };

const output = execFileSync(
  process.execPath,
  [
    '/opt/penstock/gateway/bin/penstock-gateway.js',
    ...['init', '--config', '/etc/penstock/gateway.yaml', '--host', 'gateway', '--output', 'json'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const { pins, adminToken, dataDirectory } = JSON.parse(output);

const [current, backup = current] = pins;
writeFileSync(`${handover}/certificate-pin`, current, ownerOnly);
writeFileSync(`${handover}/certificate-pin-backup`, backup, ownerOnly);
// Printed only once. Stored next to the agent CA, which is more sensitive.
if (adminToken !== null) writeFileSync(`${dataDirectory}/first-admin-token`, adminToken.token, ownerOnly);
